import type { Clock } from '../../std/clock.ts'
import type { PlatformEvent } from '../platform-lines.ts'
import { Feed } from './feed.ts'
import { logsEventsOf } from './logs-api.ts'
import { type Connect, openOutlet } from './outlet.ts'
import type { SubscriptionRequest, TelemetryType } from './subscription.ts'

/** Events of the init phase that are kept for extensions that subscribe during it. */
const INIT_EVENTS_MAX = 1000

interface TelemetryEvent {
  readonly kind: TelemetryType
  readonly time: string
  readonly type: string
  readonly record: unknown
}

/** What one runtime process and its environment say, passed on to the extensions that asked for it. */
export class Telemetry {
  readonly #clock: Clock
  readonly #connect: Connect
  readonly #isJson: boolean
  readonly #feeds = new Map<string, Feed>()
  /** Undefined when init is over. */
  #initEvents: TelemetryEvent[] | undefined = []

  /** `isJson`: lines of the function that are JSON objects are passed on as such. */
  constructor(clock: Clock, connect: Connect, isJson: boolean) {
    this.#clock = clock
    this.#connect = connect
    this.#isJson = isJson
  }

  /** Somebody listens, or may still begin to. */
  get isWanted(): boolean {
    return this.#initEvents !== undefined || this.#feeds.size > 0
  }

  /** Subscribes an extension, which takes the place of its earlier subscription; false when init is over. */
  subscribe(extensionName: string, request: SubscriptionRequest): boolean {
    if (this.#initEvents === undefined) return false
    this.#feeds.get(extensionName)?.close()
    const feed = new Feed(request, openOutlet(request.destination, this.#connect), this.#clock)
    this.#feeds.set(extensionName, feed)
    for (const event of this.#initEvents) add(feed, event)
    const type = request.api === 'telemetry' ? 'platform.telemetrySubscription' : 'platform.logsSubscription'
    const record = { name: extensionName, state: 'Subscribed', types: [...request.types] }
    this.platform({ type, level: 'INFO', record })
    return true
  }

  platform({ type, record }: PlatformEvent): void {
    this.#add({ kind: 'platform', time: this.#now(), type, record })
  }

  /** A line of the function or of its extensions, with its line end. */
  line(kind: 'function' | 'extension', text: string): void {
    if (!this.isWanted) return
    const record = kind === 'function' && this.#isJson ? (objectOf(text) ?? text) : text
    this.#add({ kind, time: this.#now(), type: kind, record })
  }

  /** Init is over: who has not subscribed never will. */
  initOver(): void {
    this.#initEvents = undefined
  }

  /** Sends everything; resolves when it has been taken. */
  async flush(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed.flush()))
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close()
  }

  #add(event: TelemetryEvent): void {
    if (this.#initEvents !== undefined && this.#initEvents.length < INIT_EVENTS_MAX) this.#initEvents.push(event)
    for (const feed of this.#feeds.values()) add(feed, event)
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString()
  }
}

function add(feed: Feed, { kind, time, type, record }: TelemetryEvent): void {
  if (!feed.request.types.has(kind)) return
  const events = feed.request.api === 'telemetry' ? [{ type, record }] : logsEventsOf(type, record)
  for (const event of events) feed.add(JSON.stringify({ time, ...event }))
}

function objectOf(text: string): object | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    // A line of text, then.
    return undefined
  }
}

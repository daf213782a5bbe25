/**
 * The Extensions API of one environment: `/2020-01-01/extension/…`. External extensions are the executables in /opt/extensions, which are started
 * before the runtime; internal ones register from the runtime's own process.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
 *
 * Of each: registered → ready (next) → running (an event was handed out) → ready …; ended from anywhere.
 */
import { constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { uuid } from '../std/ids.ts'
import type { FunctionSpec } from './execution.ts'
import type { ApiRequest } from './http-connection.ts'
import { readSubscription } from './telemetry/subscription.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** Extensions of one environment. AWS's limit. */
const EXTENSIONS_MAX = 10
const PREFIX = '/2020-01-01/extension'
const EVENTS = ['INVOKE', 'SHUTDOWN'] as const
const ID = 'lambda-extension-identifier'
const ERROR_TYPE = 'lambda-extension-function-error-type'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const ACCEPTED = '{"status":"OK"}\n'
/** What the runtime gets of that, where it is not alone, in ms. */
export const RUNTIME_SHUTDOWN_MAX_MS = 300
/** What the runtime gets to end in where only extensions inside of it know of the end, in ms. */
export const INTERNAL_SHUTDOWN_MAX_MS = 500
/** What extensions get to end in, in ms. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
export const SHUTDOWN_MAX_MS = 2000

type EventType = (typeof EVENTS)[number]
export type ShutdownReason = 'spindown' | 'timeout' | 'failure'

export interface ExtensionFailure {
  readonly errorType: string
  readonly message: string
}

export interface ExtensionEvent {
  readonly requestId: string
  readonly deadlineMs: number
  readonly invokedFunctionArn: string
  readonly traceHeader: string
}

interface Extension {
  readonly name: string
  readonly id: string
  readonly isExternal: boolean
  readonly events: ReadonlySet<EventType>
  state: 'registered' | 'ready' | 'running' | 'ended'
  waiting: ApiRequest | undefined
}

export interface ExtensionsListener {
  /** Perhaps {@link Extensions.isReady} now. */
  onExtensionsChanged(): void
  onExtensionFailed(failure: ExtensionFailure): void
}

export class Extensions {
  readonly #spec: FunctionSpec
  /** File names of those that are started. */
  readonly #expected: readonly string[]
  readonly #listener: ExtensionsListener
  readonly #extensions = new Map<string, Extension>()
  /** Set where the environment tells what happens in it. */
  telemetry: Telemetry | undefined
  #isInitOver = false
  #isShutDown = false
  /** For those who were still at an event when the end came. */
  #shutdownEvent: object | undefined

  constructor(spec: FunctionSpec, expected: readonly string[], listener: ExtensionsListener) {
    this.#spec = spec
    this.#expected = expected
    this.#listener = listener
  }

  /** All that were started have registered, and all that registered wait for an event. */
  get isReady(): boolean {
    const all = [...this.#extensions.values()]
    const names = new Set(all.map(({ name }) => name))
    return this.#expected.every((name) => names.has(name)) && all.every(({ state }) => state === 'ready')
  }

  /** Answers a request to this API; false when it is none. */
  route(request: ApiRequest, path: string): boolean {
    if (path === '/2022-07-01/telemetry' || path === '/2020-08-15/logs') {
      const api = path.startsWith('/2022') ? 'telemetry' : 'logs'
      if (request.method === 'PUT')
        this.#withExtension(request, (extension) => this.#subscribe(request, extension, api))
      else request.reply(405, errorBody('MethodNotAllowed', `${request.method} is not allowed here`), 'Allow: PUT\r\n')
      return true
    }
    if (!path.startsWith(`${PREFIX}/`)) return false
    const call = `${request.method} ${path.slice(PREFIX.length)}`
    if (call === 'POST /register') this.#register(request)
    else if (call === 'GET /event/next') this.#withExtension(request, (extension) => this.#next(request, extension))
    else if (call === 'POST /init/error') this.#reportError(request, 'Extension.InitError')
    else if (call === 'POST /exit/error') this.#reportError(request, 'Extension.ExitError')
    else request.reply(404, errorBody('NotFound', '404 page not found'))
    return true
  }

  /** Whether any have registered, and whether some have processes of their own. */
  get kind(): 'none' | 'internal' | 'external' {
    const all = [...this.#extensions.values()]
    if (all.some(({ isExternal }) => isExternal)) return 'external'
    return all.length === 0 ? 'none' : 'internal'
  }

  /** Init is over: who has not registered never will. */
  close(): void {
    this.#isInitOver = true
    this.telemetry?.initOver()
  }

  invoke({ requestId, deadlineMs, invokedFunctionArn, traceHeader }: ExtensionEvent): void {
    if (this.#extensions.size === 0) return
    const tracing = { type: 'X-Amzn-Trace-Id', value: traceHeader }
    const event = { eventType: 'INVOKE', deadlineMs, requestId, invokedFunctionArn, tracing }
    this.#send('INVOKE', event)
  }

  /** Tells those who asked for it. False when nobody did, so that there is nothing to wait for. */
  shutDown(shutdownReason: ShutdownReason, deadlineMs: number): boolean {
    this.#isShutDown = true
    this.#shutdownEvent = { eventType: 'SHUTDOWN', shutdownReason, deadlineMs }
    const isBusy = [...this.#extensions.values()].some(
      ({ events, state }) => state === 'running' && events.has('SHUTDOWN'),
    )
    return this.#send('SHUTDOWN', this.#shutdownEvent) || isBusy
  }

  /** The program of an external extension has ended. */
  ended(name: string, status: number): void {
    const extension = [...this.#extensions.values()].find((other) => other.name === name && other.isExternal)
    if (extension !== undefined) extension.state = 'ended'
    if (this.#isShutDown) this.#listener.onExtensionsChanged()
    else this.#listener.onExtensionFailed({ errorType: 'Extension.Crash', message: `exit status ${status}` })
  }

  /** Nobody is at an event that ends the environment any more. */
  get isShutDown(): boolean {
    return [...this.#extensions.values()].every(({ state }) => state !== 'running')
  }

  #register(request: ApiRequest): void {
    const name = request.headers.get('lambda-extension-name') ?? ''
    if (name === '') return refuse(request, 'Extension.InvalidExtensionName', 'Empty extension name')
    const events = eventsOf(request.body)
    if (events === undefined) return invalidFormat(request)
    const isExternal = this.#expected.includes(name)
    const wrong = events.find(
      (event) => !EVENTS.some((known) => known === event) || (event === 'SHUTDOWN' && !isExternal),
    )
    if (wrong !== undefined) {
      const why = wrong === 'SHUTDOWN' ? 'SHUTDOWN is not supported for internal extensions' : `unknown event: ${wrong}`
      return refuse(request, 'Extension.InvalidEventType', why)
    }
    if (this.#isInitOver)
      return refuse(request, 'Extension.RegistrationClosed', 'Extension registration closed already')
    if ([...this.#extensions.values()].some((other) => other.name === name))
      return refuse(request, 'Extension.AlreadyRegisteredForEvents', `Extension ${name} has registered already`)
    if (this.#extensions.size >= EXTENSIONS_MAX)
      return refuse(request, 'Extension.TooManyExtensions', `Extension limit (${EXTENSIONS_MAX}) reached`)
    const id = uuid()
    const extension: Extension = {
      name,
      id,
      isExternal,
      events: new Set(events as EventType[]),
      state: 'registered',
      waiting: undefined,
    }
    this.#extensions.set(id, extension)
    const { functionName, version, handler, accountId } = this.#spec
    const wantsAccount = /(^|,)\s*accountId\s*(,|$)/.test(request.headers.get('lambda-extension-accept-feature') ?? '')
    const body = { functionName, functionVersion: version, handler, ...(wantsAccount && { accountId }) }
    request.reply(200, JSON.stringify(body), `Lambda-Extension-Identifier: ${id}\r\n`)
  }

  #next(request: ApiRequest, extension: Extension): void {
    if (extension.state === 'ended' || extension.waiting !== undefined)
      return refuse(
        request,
        'Extension.InvalidExtensionState',
        `State transition from ${extension.state} is not allowed`,
      )
    if (extension.state === 'registered') {
      const record = { name: extension.name, state: 'Ready', events: [...extension.events] }
      this.telemetry?.platform({ type: 'platform.extension', level: 'INFO', record })
    }
    extension.state = 'ready'
    extension.waiting = request
    request.onGone = () => {
      if (extension.waiting === request) extension.waiting = undefined
    }
    if (this.#shutdownEvent !== undefined) this.#send('SHUTDOWN', this.#shutdownEvent)
    this.#listener.onExtensionsChanged()
  }

  #subscribe(request: ApiRequest, extension: Extension, api: 'telemetry' | 'logs'): void {
    const kind = api === 'telemetry' ? 'Telemetry' : 'Logs'
    if (this.telemetry === undefined)
      return request.reply(202, errorBody(`${kind}.NotSupported`, `${kind} API is not supported`))
    const read = readSubscription(api, request.body)
    if (typeof read === 'string') return request.reply(400, errorBody('ValidationError', read))
    if (!this.telemetry.subscribe(extension.name, read))
      return refuse(request, `${kind}.SubscriptionClosed`, `${kind} API subscription is closed already`)
    request.reply(200, '"OK"')
  }

  #reportError(request: ApiRequest, errorType: string): void {
    this.#withExtension(request, (extension) => {
      const named = request.headers.get(ERROR_TYPE)
      if (named === undefined) return refuse(request, 'Extension.MissingHeader', `${ERROR_TYPE} not found`)
      if (errorType === 'Extension.InitError' && extension.state !== 'registered')
        return refuse(
          request,
          'Extension.InvalidExtensionState',
          `State transition from ${extension.state} is not allowed`,
        )
      extension.state = 'ended'
      request.reply(202, ACCEPTED)
      if (this.#isShutDown) this.#listener.onExtensionsChanged()
      else this.#listener.onExtensionFailed({ errorType, message: named })
    })
  }

  #withExtension(request: ApiRequest, use: (extension: Extension) => void): void {
    const id = request.headers.get(ID)
    if (id === undefined)
      return refuse(request, 'Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header')
    if (!UUID.test(id))
      return refuse(request, 'Extension.InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier')
    const extension = this.#extensions.get(id)
    if (extension === undefined)
      return refuse(request, 'Extension.UnknownExtensionIdentifier', `Unknown extension ${id}`)
    use(extension)
  }

  #send(type: EventType, event: object): boolean {
    const text = JSON.stringify(event)
    let hasSent = false
    for (const extension of this.#extensions.values()) {
      const { waiting } = extension
      if (waiting === undefined || !extension.events.has(type)) continue
      extension.waiting = undefined
      extension.state = 'running'
      waiting.onGone = undefined
      waiting.reply(200, text, `Lambda-Extension-Event-Identifier: ${uuid()}\r\n`)
      hasSent = true
    }
    return hasSent
  }
}

/** Executables that layers bring in `extensions/`, by file name; later layers win, the name stays. */
export function findExtensions(layerPaths: readonly string[]): string[] {
  const names = layerPaths.flatMap((layer) => {
    const folder = join(layer, 'extensions')
    return listDirectory(folder).filter((name) => isExecutable(join(folder, name)))
  })
  return [...new Set(names)].sort()
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    // Most layers have none.
    return []
  }
}

function isExecutable(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat?.isFile() === true && (stat.mode & (constants.S_IXUSR | constants.S_IXGRP | constants.S_IXOTH)) !== 0
}

function eventsOf(body: Buffer): string[] | undefined {
  try {
    const document: unknown = body.length === 0 ? {} : JSON.parse(body.toString())
    if (typeof document !== 'object' || document === null) return undefined
    const events: unknown = 'events' in document ? document.events : []
    return Array.isArray(events) && events.every((event) => typeof event === 'string') ? events : undefined
  } catch {
    // Answered as a request of the wrong form.
    return undefined
  }
}

function refuse(request: ApiRequest, errorType: string, message: string): void {
  request.reply(403, errorBody(errorType, message))
}

function invalidFormat(request: ApiRequest): void {
  request.reply(400, errorBody('InvalidRequestFormat', 'Invalid request format'))
}

function errorBody(errorType: string, errorMessage: string): string {
  return JSON.stringify({ errorMessage, errorType })
}

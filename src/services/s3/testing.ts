import { accessDenied } from '../../auth/access-denied.ts'
import { MemoryBlobs } from '../../blobs/memory.ts'
import type { DeliveryDoor, OwedDelivery, Permission, Trace, TraceStep } from '../../delivery/delivery.ts'
import type { Caller } from '../../protocol/caller.ts'
import type { AwsError } from '../../protocol/errors.ts'
import {
  type Call,
  type Decision,
  type Grant,
  type HttpInfo,
  NotImplemented,
  type Reply,
} from '../../protocol/operation.ts'
import { type ByteSource, sourceOf } from '../../std/byte-source.ts'
import { ManualClock } from '../../std/clock.ts'
import { requestId16 } from '../../std/ids.ts'
import { encodeKey } from '../../store/keys.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { EventVersion } from './events.ts'
import { GARBAGE_GRACE_MS } from './garbage.ts'
import type { CallDoor } from '../door.ts'
import { operations } from './operations.ts'
import type { S3Input, S3Name, S3Output } from './operation.ts'
import { S3 } from './service.ts'

export const OWNER: Caller = { kind: 'root', accountId: '123456789012', accessKeyId: 'AKIAOWNER' }
export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:thumbnail'

const ALLOWED: Decision = { allowed: true, reason: '', statements: [] }
const REFUSED: Decision = { allowed: false, reason: ' because no policy says so', statements: [] }

/** How one call differs from the owner's, over HTTP, in us-east-1. */
export interface CallOptions {
  readonly caller?: Caller
  readonly region?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly traceHeader?: string
  /** As another service calls: without a connection. */
  readonly isInternal?: boolean
  readonly mayDo?: (grant: Grant) => boolean | Promise<boolean>
}

export interface Answer<Output> {
  readonly output: Output
  readonly reply: Reply
  readonly requestId: string
  /** What authorize asked for, and what the handler asked for later. */
  readonly grants: readonly Grant[]
}

type LooseInput<N extends S3Name> = Omit<Partial<S3Input<N>>, 'Body'> & {
  Body?: string | Uint8Array | ByteSource | undefined
}

export interface HarnessOptions {
  readonly clock?: ManualClock
  /** Several servers may share one. */
  readonly store?: MemoryStore
  readonly deliveries?: RecordingDeliveries
  readonly eventVersion?: EventVersion
}

/** S3 on a memory store, called as the pipeline calls it. */
export class S3Harness {
  readonly clock: ManualClock
  readonly store: MemoryStore
  readonly blobs: MemoryBlobs
  readonly deliveries: RecordingDeliveries
  readonly s3: S3

  constructor(options: HarnessOptions = {}) {
    const { clock = new ManualClock(), store = new MemoryStore(), deliveries = new RecordingDeliveries() } = options
    const blobs = new MemoryBlobs(clock)
    this.clock = clock
    this.store = store
    this.blobs = blobs
    this.deliveries = deliveries
    this.s3 = new S3({
      store,
      blobs,
      clock,
      deliveries,
      accessDenied,
      call: (async (_service, name, input, caller) =>
        (await this.call(name as S3Name, input, { caller })).output) as CallDoor,
      ...(options.eventVersion && { eventVersion: options.eventVersion }),
    })
  }

  async call<N extends S3Name>(name: N, input: LooseInput<N>, options: CallOptions = {}): Promise<Answer<S3Output<N>>> {
    const operation = operations[name] as
      | {
          authorize(call: Call, s3: S3): readonly Grant[] | Promise<readonly Grant[]>
          handle(call: Call, s3: S3): Promise<S3Output<N>>
        }
      | typeof NotImplemented
    if (operation === NotImplemented) throw new Error(`${name} is not implemented`)
    const grants: Grant[] = []
    const call = this.#callOf(input, options, grants)
    for (const grant of await operation.authorize(call, this.s3)) {
      const decision = await call.decide(grant)
      if (!decision.allowed) throw accessDenied('s3', call.caller, grant, decision)
    }
    const output = await operation.handle(call, this.s3)
    return { output, reply: call.reply, requestId: call.requestId, grants }
  }

  /** The error a call ends with. */
  async fail<N extends S3Name>(name: N, input: LooseInput<N>, options: CallOptions = {}): Promise<AwsError> {
    try {
      await this.call(name, input, options)
    } catch (error) {
      return error as AwsError
    }
    throw new Error(`${name} succeeded`)
  }

  async makeBucket(Bucket = 'bucket', options: CallOptions = {}): Promise<void> {
    await this.call('CreateBucket', { Bucket }, options)
  }

  async put(Key: string, Body: string | Uint8Array, more: LooseInput<'PutObject'> = {}, options: CallOptions = {}) {
    return this.call('PutObject', { Bucket: 'bucket', Key, Body, ...more }, options)
  }

  async get(Key: string, more: LooseInput<'GetObject'> = {}, options: CallOptions = {}) {
    const answer = await this.call('GetObject', { Bucket: 'bucket', Key, ...more }, options)
    return { ...answer, text: (await bytesOf(answer.output.Body)).toString() }
  }

  /** Every blob that is stored now. */
  async blobIds(): Promise<string[]> {
    const ids: string[] = []
    for await (const { id } of this.blobs.list()) ids.push(id)
    return ids
  }

  /** Lets the grace of everything retired pass, and frees it. */
  async collect(): Promise<void> {
    await this.clock.advance(GARBAGE_GRACE_MS + 1)
    while ((await this.s3.collector.step()) > 0);
  }

  /** Sends the events of a bucket to a function that permits it. */
  async notify(
    rule: { Events: string[]; Id?: string; prefix?: string; suffix?: string },
    Bucket = 'bucket',
  ): Promise<void> {
    const FilterRules = [
      ...(rule.prefix === undefined ? [] : [{ Name: 'prefix' as const, Value: rule.prefix }]),
      ...(rule.suffix === undefined ? [] : [{ Name: 'suffix' as const, Value: rule.suffix }]),
    ]
    await this.call('PutBucketNotificationConfiguration', {
      Bucket,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          {
            LambdaFunctionArn: FUNCTION_ARN,
            Events: rule.Events as never,
            ...(rule.Id !== undefined && { Id: rule.Id }),
            ...(FilterRules.length > 0 && { Filter: { Key: { FilterRules } } }),
          },
        ],
      },
    })
  }

  #callOf(input: object, options: CallOptions, grants: Grant[]): Call {
    const caller = options.caller ?? OWNER
    const http: HttpInfo = {
      method: 'PUT',
      target: '/',
      headers: options.headers ?? {},
      host: 'localhost:4566',
      sourceIp: '203.0.113.9',
      isSecure: true,
      userAgent: undefined,
    }
    return {
      input: withSource(input),
      caller,
      requestId: requestId16(),
      hostId: 'aG9zdA==',
      accountId: '123456789012',
      region: options.region ?? 'us-east-1',
      nowMs: this.clock.now(),
      signal: new AbortController().signal,
      http: options.isInternal === true ? undefined : http,
      traceHeader: options.traceHeader,
      reply: { headers: {} },
      decide: async (grant) => {
        grants.push(grant)
        // As the authoriser does, which so brings the bucket up to date.
        await this.s3.resourcePolicy(grant.resource, grant)
        return ((await options.mayDo?.(grant)) ?? true) ? ALLOWED : REFUSED
      },
    }
  }
}

/** Keeps what S3 owes, as soon as the commit that owes it succeeds. */
export class RecordingDeliveries implements DeliveryDoor {
  readonly owed: OwedDelivery[] = []
  readonly unmatched: { trace: Pick<Trace, 'id' | 'subject' | 'eventName'>; steps: readonly TraceStep[] }[] = []
  /** Functions that permit S3 to invoke them. */
  readonly missing = new Set<string>()
  readonly permitted = new Set<string>([FUNCTION_ARN])

  async owe(tx: Parameters<DeliveryDoor['owe']>[0], deliveries: readonly OwedDelivery[]): Promise<void> {
    for (const { delivery } of deliveries) tx.put(encodeKey(['owed', delivery.id]), Buffer.from(delivery.payload))
    tx.afterCommit(() => void this.owed.push(...deliveries))
  }

  noteUnmatched(
    tx: Parameters<DeliveryDoor['noteUnmatched']>[0],
    trace: Parameters<DeliveryDoor['noteUnmatched']>[1],
    steps: readonly TraceStep[],
  ): void {
    tx.put(encodeKey(['unmatched', trace.id]), Buffer.alloc(0))
    tx.afterCommit(() => void this.unmatched.push({ trace, steps }))
  }

  async permits(targetArn: string): Promise<Permission> {
    return { allowed: this.permitted.has(targetArn), note: '', isMissing: this.missing.has(targetArn) }
  }

  /** The records of all messages so far, parsed. */
  records(): EventRecord[] {
    return this.owed.flatMap(({ delivery }) => (JSON.parse(delivery.payload) as { Records: EventRecord[] }).Records)
  }
}

export interface EventRecord {
  readonly eventVersion: string
  readonly eventTime: string
  readonly eventName: string
  readonly awsRegion: string
  readonly eventSource: string
  readonly userIdentity: { readonly principalId: string }
  readonly requestParameters: { readonly sourceIPAddress: string }
  readonly responseElements: Readonly<Record<string, string>>
  readonly s3: {
    readonly configurationId: string
    readonly bucket: Readonly<Record<string, unknown>>
    readonly object: {
      readonly key: string
      readonly size?: number
      readonly eTag?: string
      readonly sequencer?: string
    }
  }
}

export async function bytesOf(body: Uint8Array | AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  if (body === undefined) return Buffer.alloc(0)
  if (body instanceof Uint8Array) return Buffer.from(body)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function withSource(input: object): object {
  const body: unknown = 'Body' in input ? input.Body : undefined
  return typeof body === 'string' || body instanceof Uint8Array ? { ...input, Body: sourceOf(body) } : input
}

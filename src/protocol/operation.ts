import type { Readable } from 'node:stream'
import type { ByteSource } from '../std/byte-source.ts'
import type { Caller } from './caller.ts'

/** One permission an operation needs: the pipeline evaluates it before the handler runs. */
export interface Grant {
  /** `s3:GetObject` */
  readonly action: string
  /** ARN, or `*` for actions without a resource. */
  readonly resource: string
  /** Condition keys beside the global ones the pipeline fills: `s3:prefix`, `aws:TagKeys` (multi-valued: an array). */
  readonly context?: Readonly<Record<string, string | readonly string[]>>
}

/** What the policies said, and which statement decided. */
export interface Decision {
  readonly allowed: boolean
  /** Why, in AWS's words after "is not authorized to perform: X on resource: Y"; empty when allowed. */
  readonly reason: string
  /** The statements that decided: policy name or ARN, `Sid` or index, effect. */
  readonly statements: readonly DecidingStatement[]
}

export interface DecidingStatement {
  readonly policyKind: 'identity' | 'resource' | 'boundary' | 'session' | 'implicit'
  /** Policy ARN, inline policy name, or ARN of the resource that carries it. */
  readonly policy: string
  /** `Sid`, or `#n` counted from 0. */
  readonly statement: string
  readonly effect: 'Allow' | 'Deny'
}

/** The connection a call came in by; calls that one service makes for another have none. */
export interface HttpInfo {
  readonly method: string
  /** Raw request target as sent, undecoded. */
  readonly target: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly host: string
  readonly sourceIp: string
  /** TLS, or a loopback peer where configured to count as secure (`aws:SecureTransport`). */
  readonly isSecure: boolean
  readonly userAgent: string | undefined
}

/** What a handler may say beside its output. Filled in by the handler, read by the serializer. */
export interface Reply {
  /** Overrides the modelled status: 206, 304. */
  status?: number
  headers: Record<string, string>
}

/** One authenticated, parsed and authorised call. */
export interface Call<Input = unknown> {
  readonly input: Input
  readonly caller: Caller
  readonly requestId: string
  /** `x-amz-id-2` of S3. */
  readonly hostId: string
  /** The account the endpoint serves: whom new resources belong to. */
  readonly accountId: string
  /** Region of the credential scope, else of the server. */
  readonly region: string
  readonly nowMs: number
  readonly signal: AbortSignal
  readonly http: HttpInfo | undefined
  /** `x-amzn-trace-id` as sent; lineage travels in it. */
  readonly traceHeader: string | undefined
  readonly reply: Reply
  /** Evaluates one more permission: per key in DeleteObjects, ListBucket to tell 404 from 403. */
  decide(grant: Grant): Promise<Decision>
}

export interface Operation<Input, Output, Service> {
  /** The permissions this input needs; an empty list only where AWS asks none (GetCallerIdentity). May read, must not write. */
  authorize(call: Call<Input>, service: Service): readonly Grant[] | Promise<readonly Grant[]>
  handle(call: Call<Input>, service: Service): Promise<Output>
}

/** Answers 501. Stands in the operation table for what AWS has and Millrace does not. */
export const NotImplemented = 'NotImplemented' as const

/** The operation table of a service: every operation of the SDK module `M`, or `NotImplemented`. Missing names do not compile. */
export type Operations<M, Service> = {
  readonly [N in OperationName<M>]: Operation<InputOf<M, N>, OutputOf<M, N>, Service> | typeof NotImplemented
}

// ---- handler types, derived from the SDK's command classes (types only; no SDK code is loaded) ----

type CommandClass = abstract new (
  ...args: never[]
) => {
  readonly input: object
  resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: object }>
}

export type OperationName<M> = {
  [K in keyof M]: K extends '$Command'
    ? never
    : K extends `${infer N}Command`
      ? M[K] extends CommandClass
        ? N
        : never
      : never
}[keyof M]

type CommandOf<M, N extends string> = `${N}Command` extends keyof M
  ? M[`${N}Command`] extends abstract new (
      ...args: never[]
    ) => infer C
    ? C
    : never
  : never

/** What a handler of operation `N` gets: required members are present, a streaming body is a {@link ByteSource}. */
export type InputOf<M, N extends string> = CommandOf<M, N> extends { readonly input: infer I } ? Received<I> : never

/** What it returns: `$metadata` is not its business, a streaming body is bytes or an async iterable of bytes. */
export type OutputOf<M, N extends string> =
  CommandOf<M, N> extends {
    resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer O }>
  }
    ? Returned<Omit<O, '$metadata'>>
    : never

type Received<T> = { [K in keyof T]: ReceivedMember<T, K> }
type ReceivedMember<T, K extends keyof T> = undefined extends T[K]
  ? object extends Pick<T, K>
    ? ReceivedValue<T[K]>
    : ReceivedValue<Exclude<T[K], undefined>>
  : ReceivedValue<T[K]>
// The SDK accepts ArrayBuffer for a blob that is the whole payload, and not for a streaming body.
type ReceivedValue<V> =
  ArrayBuffer extends NonNullable<V>
    ? Uint8Array | Extract<V, undefined>
    : Readable extends NonNullable<V>
      ? ByteSource | Extract<V, undefined>
      : V

type Returned<T> = { [K in keyof T]: ReturnedValue<T[K]> }
type ReturnedValue<V> =
  NonNullable<V> extends Uint8Array
    ? Uint8Array | Extract<V, undefined>
    : NonNullable<V> extends { transformToByteArray(): Promise<Uint8Array> }
      ? BodyOutput | undefined
      : V

/** A streaming body as handlers return it. */
export type BodyOutput = Uint8Array | AsyncIterable<Uint8Array>

import type { ByteSource } from '../std/byte-source.ts'
import type { AwsError } from './errors.ts'
import type { Reply } from './operation.ts'

/** One request as the listener saw it, before anything was decoded. */
export interface WireRequest {
  readonly method: string
  /** Raw request target as sent. */
  readonly target: string
  /** Raw, undecoded, without the query. */
  readonly path: string
  /** Raw, without the `?`; empty when there is none. */
  readonly query: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** `Host` as sent. */
  readonly host: string
  /** Bucket of a virtual-hosted request, found by the listener that knows the configured domains. */
  readonly hostBucket: string | undefined
}

/** What goes on the wire. Header names are lower case; ids, `date` and `server` are the pipeline's. */
export interface WireReply {
  status: number
  headers: Record<string, string | string[]>
  body: Uint8Array | AsyncIterable<Uint8Array> | undefined
}

export type ProtocolName = 'restXml' | 'restJson1' | 'awsJson1_0' | 'awsJson1_1' | 'awsQuery' | 'rpcv2Cbor'

/** Which operation a request means, and the dialect it is spoken in. */
export interface Route {
  readonly service: string
  readonly operation: string
  readonly protocol: ProtocolName
  /** True: `parse` takes the body as a {@link ByteSource} and passes it through. False: it wants the collected bytes. */
  readonly inputStreams: boolean
  /** Absent where the request says who sent it. `form`: the form in its body says so; `none`: nobody asks (a preflight). */
  readonly identity?: 'form' | 'none'
  /** Decoded labels of the path and host: `Bucket`, `Key`, `FunctionName`. */
  readonly labels: Readonly<Record<string, string>>
}

export interface ReplyIds {
  readonly requestId: string
  /** `x-amz-id-2` of S3. */
  readonly hostId: string
}

/** One AWS service on the wire, driven by its packed model. Stateless; codecs are compiled on first use and kept. */
export interface ServiceProtocol {
  readonly service: string
  /** Every modelled operation, then the pseudo operations that AWS has outside its model (`PostObject`, `CorsPreflight`). */
  readonly operationNames: readonly string[]
  /** True when `route` needs the collected body: an `Action` that is not in the query string. */
  needsBodyToRoute(request: WireRequest): boolean
  /** Throws an AwsError for an operation that does not exist. */
  route(request: WireRequest, body?: Buffer): Route
  /** The route of an operation called without a connection, by one service for another. Throws as `route` does. */
  routeOf(operation: string): Route
  /** Members bound to path, query, headers and body, type-checked; required members of S3 are present. Throws an AwsError with status 400. */
  parse(route: Route, request: WireRequest, body: Buffer | ByteSource): Record<string, unknown>
  /** Required members, lengths, ranges, patterns and enums in the words AWS uses. Does nothing for S3, whose codes are per operation. */
  validate(route: Route, input: Readonly<Record<string, unknown>>): void
  serialize(route: Route, output: object, reply: Reply, ids: ReplyIds): WireReply
  /** The error in the dialect of the route, or the one the request seems to speak when routing failed. */
  serializeError(route: Route | undefined, request: WireRequest, error: AwsError, ids: ReplyIds): WireReply
}

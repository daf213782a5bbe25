import type { ByteSource } from '../../std/byte-source.ts'
import type { AwsError } from '../errors.ts'
import type { Form } from '../form.ts'
import type { Reply } from '../operation.ts'
import type { Model, OperationSchema, StructureSchema } from '../schema.ts'
import type { ProtocolName, ReplyIds, Route, WireReply, WireRequest } from '../service.ts'
import type { Unreadable } from '../unreadable.ts'

/** A route with what routing already found out, so that nothing is decoded twice. */
export interface FullRoute extends Route {
  readonly schema: OperationSchema | undefined
  /** Query arguments of REST requests; query arguments and form body of awsQuery. */
  readonly form: Form
}

/** One way to put calls and answers on the wire. Compiles what an operation needs on its first call. */
export interface Dialect {
  readonly protocol: ProtocolName
  /** Throws {@link Unreadable}. */
  read(route: FullRoute, request: WireRequest, body: Buffer | ByteSource): Record<string, unknown>
  write(operation: OperationSchema, output: Record<string, unknown>, reply: Reply, ids: ReplyIds): WireReply
  writeError(error: AwsError, modelled: StructureSchema | undefined, ids: ReplyIds): WireReply
  /** The error of this dialect for input that does not fit the schema. */
  unreadable(error: Unreadable, operation?: string): AwsError
}

export type DialectFactory = (model: Model) => Dialect

/** Compiles per operation, on first use. */
export function perOperation<T>(compile: (operation: OperationSchema) => T): (operation: OperationSchema) => T {
  const compiled = new Map<string, T>()
  return (operation) => {
    let found = compiled.get(operation.name)
    if (found === undefined) {
      found = compile(operation)
      compiled.set(operation.name, found)
    }
    return found
  }
}

/** What the handler said beside its output wins over what the model says. */
export function mergeHeaders(headers: WireReply['headers'], extra: Readonly<Record<string, string>>): void {
  for (const name in extra) headers[name.toLowerCase()] = extra[name] as string
}

/** Answers with these statuses have no body (RFC 9110). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}

/** Modelled members that an error carries beside code and message; the names of messages differ per error (`Message`, `message`). */
export function messageName(modelled: StructureSchema | undefined, otherwise: string): string {
  return modelled?.members.find((member) => member.name.toLowerCase() === 'message')?.name ?? otherwise
}

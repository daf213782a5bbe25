import { type ClientConnection, send } from './send.ts'
import { readXml, type XmlElement } from './xml-answer.ts'

/** Parameters of a query service: nested objects become dotted names, lists `Name.member.N`. Undefined ones are left out. */
export type QueryInput = { readonly [name: string]: QueryValue }
type QueryValue = string | number | boolean | undefined | QueryInput | readonly QueryValue[]

const VERSIONS = { cloudformation: '2010-05-15', sts: '2011-06-15' } as const

/** One operation of a service that speaks the query protocol; answers its result element. */
export async function query(
  connection: ClientConnection,
  service: keyof typeof VERSIONS,
  operation: string,
  input: QueryInput = {},
  signal?: AbortSignal,
): Promise<XmlElement> {
  const form = new URLSearchParams({ Action: operation, Version: VERSIONS[service] })
  append(form, '', input)
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  const request = { method: 'POST', path: '/', headers, body: form.toString() }
  const root = readXml((await send(connection, service, request, signal)).text)
  return root.child(`${operation}Result`) ?? root
}

function append(form: URLSearchParams, name: string, value: QueryValue): void {
  if (value === undefined) return
  if (Array.isArray(value)) {
    for (const [index, member] of (value as readonly QueryValue[]).entries())
      append(form, `${name}.member.${index + 1}`, member)
  } else if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value as QueryInput))
      append(form, name === '' ? key : `${name}.${key}`, member)
  } else form.append(name, String(value))
}

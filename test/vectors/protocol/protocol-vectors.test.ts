/** Requests as botocore's protocol tests say they look on the wire, read by our dialects: the parameters must come back. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { awsQuery } from '../../../src/protocol/dialects/aws-query.ts'
import type { Dialect, FullRoute } from '../../../src/protocol/dialects/dialect.ts'
import { restJson } from '../../../src/protocol/dialects/rest-json.ts'
import { restXml } from '../../../src/protocol/dialects/rest-xml.ts'
import { awsJson1_1, rpcv2Cbor } from '../../../src/protocol/dialects/rpc-values.ts'
import { decodePercent, parseForm } from '../../../src/protocol/form.ts'
import { RestRouter } from '../../../src/protocol/rest-router.ts'
import type { Model, OperationSchema } from '../../../src/protocol/schema.ts'
import type { WireRequest } from '../../../src/protocol/service.ts'
import { type BotocoreOperation, type BotocoreShape, operationFromBotocore } from './botocore-shapes.ts'

interface Suite {
  readonly protocol: 'awsQuery' | 'restJson1' | 'restXml' | 'awsJson1_1' | 'rpcv2Cbor'
  readonly shapes: Readonly<Record<string, BotocoreShape>>
  readonly cases: readonly Case[]
}

interface Case {
  readonly id: string
  readonly given: BotocoreOperation
  readonly params: unknown
  readonly serialized: {
    readonly method: string
    readonly uri?: string
    readonly body?: string
    readonly headers?: Record<string, string>
  }
}

const { suites } = JSON.parse(readFileSync(join(import.meta.dirname, 'input.json'), 'utf8')) as { suites: Suite[] }

const model: Model = {
  service: 'test',
  version: '2020-01-08',
  protocol: '',
  namespace: 'test',
  xmlNamespace: undefined,
  target: undefined,
  queryCompatible: false,
  operations: new Map(),
  errors: [],
}

const dialects: Readonly<Record<Suite['protocol'], () => Dialect>> = {
  awsQuery: () => awsQuery(model),
  restJson1: () => restJson(),
  restXml: () => restXml(model),
  awsJson1_1: () => awsJson1_1(model),
  rpcv2Cbor: () => rpcv2Cbor(model),
}

describe.each(['awsQuery', 'restJson1', 'restXml', 'awsJson1_1', 'rpcv2Cbor'] as const)('%s requests', (protocol) => {
  const cases = suites
    .filter((suite) => suite.protocol === protocol)
    .flatMap(({ shapes, cases }) => cases.map((one) => ({ ...one, shapes })))
  it.each(cases)('$id', ({ given, params, serialized, shapes }) => {
    const operation = operationFromBotocore(given, shapes)
    const body = Buffer.from(serialized.body ?? '', protocol === 'rpcv2Cbor' ? 'base64' : 'utf8')
    const request = requestOf(serialized)
    const input = dialects[protocol]().read(routeOf(protocol, operation, request, body), request, body)
    expect(normal(input)).toEqual(params ?? {})
  })
})

function requestOf(serialized: Case['serialized']): WireRequest {
  const target = serialized.uri ?? '/'
  const [path = '', query = ''] = target.split('?')
  const headers = Object.fromEntries(
    Object.entries(serialized.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
  return { method: serialized.method, target, path, query, headers, host: 'localhost', hostBucket: undefined }
}

function routeOf(
  protocol: Suite['protocol'],
  operation: OperationSchema,
  request: WireRequest,
  body: Buffer,
): FullRoute {
  const isRest = protocol === 'restJson1' || protocol === 'restXml'
  const form = parseForm(protocol === 'awsQuery' ? body.toString() : request.query)
  const match = isRest
    ? new RestRouter([operation]).match(request.method, request.path, form, request.headers)
    : { labels: {} }
  expect(match, 'the request leads to the operation').toBeDefined()
  const labels = Object.fromEntries(
    Object.entries(match?.labels ?? {}).map(([name, value]) => [name, decodePercent(value as string)]),
  )
  return { service: 'test', operation: operation.name, protocol, inputStreams: false, labels, schema: operation, form }
}

/** As the files write them: timestamps in seconds, blobs as text, numbers beyond JSON by name. */
function normal(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, normal(part)]))
}

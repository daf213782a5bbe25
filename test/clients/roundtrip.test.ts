/**
 * Every operation of every service: random values that fit the schema, sent by the real SDK client over a socket, read by the
 * protocol room, answered with random values, and read by the client again. Both sides must be equal to what was meant.
 * ROUNDTRIP_SEED repeats a run.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AwsError } from '../../src/protocol/errors.ts'
import { type Model, type OperationSchema, type StructureSchema, unpackModel } from '../../src/protocol/schema.ts'
import { type EchoServer, type Exchange, startEchoServer } from './echo-server.ts'
import { eventStreamOf, Random, RandomValues, type WireTraits } from './random-values.ts'

const require = createRequire(import.meta.url)
const modelsFolder = join(import.meta.dirname, '../../models')
const ROUNDS = 2
const seed = Number(process.env['ROUNDTRIP_SEED'] ?? Date.now() % 1_000_000)

interface ServiceEntry {
  readonly service: string
  readonly package: string
  readonly client: string
}

interface Client {
  send(command: object): Promise<Record<string, unknown>>
  destroy(): void
}

const entries = JSON.parse(readFileSync(join(modelsFolder, 'services.json'), 'utf8')) as ServiceEntry[]

/** Members that the SDK's middleware computes, checks or uses to choose an endpoint. */
const skipped: Readonly<Record<string, readonly string[]>> = {
  s3: [
    'SSECustomerKey',
    'SSECustomerKeyMD5',
    'CopySourceSSECustomerKey',
    'CopySourceSSECustomerKeyMD5',
    'ChecksumAlgorithm',
    'ChecksumMode',
    'ContentLength',
    'ContentMD5',
    'ExpiresString',
  ],
  events: ['EndpointId'],
  // Two members have the name AttributeName in forms.
  'sqs over awsQuery': ['AttributeNames', 'MessageSystemAttributeNames'],
}
/** By service: ListDirectoryBuckets has the request line of ListBuckets, at another host. */
const unreachable: Readonly<Record<string, readonly string[]>> = {
  s3: ['ListDirectoryBuckets'],
  // On Outposts, without an account; and those whose path goes on behind a name with slashes. None of them is here.
  s3control: [
    'CreateBucket',
    'GetMultiRegionAccessPointPolicy',
    'GetMultiRegionAccessPointPolicyStatus',
    'GetMultiRegionAccessPointRoutes',
    'SubmitMultiRegionAccessPointRoutes',
  ],
}
/** Set by SDK middleware although the caller gave nothing. */
const added = /^(Checksum|ContentLength|ContentMD5|ContentType)/
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

const restXml: WireTraits = { hasEmptyLists: false, hasEmptyStructures: true, hasControlCharacters: false }
const query: WireTraits = { hasEmptyLists: false, hasEmptyStructures: false, hasControlCharacters: false }
const json: WireTraits = { hasEmptyLists: true, hasEmptyStructures: true, hasControlCharacters: true }

let server: EchoServer

beforeAll(async () => {
  server = await startEchoServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

describe(`round trip with the SDK clients (seed ${seed})`, () => {
  for (const entry of entries) {
    const model = readModel(entry.service)
    const wire = { restXml, awsQuery: query }[model.protocol] ?? json
    it(`${entry.service} over ${model.protocol}: ${model.operations.size} operations`, async () => {
      expect(await runAll(entry, model, wire, entry.service, {})).toEqual([])
    })
  }

  const ofClient = createRequire(require.resolve('@aws-sdk/client-sqs/package.json'))
  const { AwsQueryProtocol, AwsJson1_1Protocol } = ofClient('@aws-sdk/core/protocols') as Record<string, unknown>
  const { SmithyRpcV2CborProtocol } = ofClient('@smithy/core/cbor') as Record<string, unknown>
  it.each([
    ['sqs', 'awsQuery', AwsQueryProtocol, query],
    ['sqs', 'awsJson1_1', AwsJson1_1Protocol, json],
    ['sqs', 'rpcv2Cbor', SmithyRpcV2CborProtocol, json],
    ['cloudwatch', 'awsQuery', AwsQueryProtocol, query],
    ['cloudwatch', 'rpcv2Cbor', SmithyRpcV2CborProtocol, json],
  ] as const)('%s over %s', async (service, name, protocol, wire) => {
    const entry = entries.find((entry) => entry.service === service) as ServiceEntry
    const model = readModel(service)
    const settings = {
      version: model.version,
      xmlNamespace: model.xmlNamespace ?? 'http://queue.amazonaws.com/doc/2012-11-05/',
    }
    const label = `${entry.service} over ${name}`
    expect(await runAll(entry, model, wire, label, { protocol, protocolSettings: settings })).toEqual([])
  })

  it.each([
    [
      's3',
      'GetObject',
      { Bucket: 'b', Key: 'k' },
      new AwsError('NoSuchKey', 404, 'The specified key does not exist.', { Key: 'k' }),
    ],
    [
      'lambda',
      'GetFunction',
      { FunctionName: 'f' },
      new AwsError('ResourceNotFoundException', 404, 'Function not found: f', { Type: 'User' }),
    ],
    ['iam', 'GetRole', { RoleName: 'r' }, new AwsError('NoSuchEntity', 404, 'The role with name r cannot be found.')],
    [
      'sts',
      'AssumeRole',
      { RoleArn: 'a'.repeat(20), RoleSessionName: 's' },
      new AwsError('RegionDisabledException', 403, 'off'),
    ],
    [
      'logs',
      'GetLogEvents',
      { logStreamName: 's' },
      new AwsError('ResourceNotFoundException', 400, 'The specified log group does not exist.'),
    ],
    [
      'sqs',
      'GetQueueUrl',
      { QueueName: 'q' },
      new AwsError('QueueDoesNotExist', 400, 'The specified queue does not exist.'),
    ],
    ['sns', 'GetTopicAttributes', { TopicArn: 't' }, new AwsError('NotFoundException', 404, 'Topic does not exist')],
    ['events', 'DescribeRule', { Name: 'r' }, new AwsError('ResourceNotFoundException', 400, 'Rule r does not exist.')],
    [
      'cloudformation',
      'DescribeChangeSet',
      { ChangeSetName: 'c' },
      new AwsError('ChangeSetNotFoundException', 404, 'ChangeSet [c] does not exist'),
    ],
  ] as const)('%s: an error arrives as the class the SDK has for it', async (service, operation, input, error) => {
    const entry = entries.find((entry) => entry.service === service) as ServiceEntry
    const { client, sdk } = clientOf(entry, {})
    server.exchange.output = error
    const caught = await client.send(newCommand(sdk, operation, input)).catch((thrown: unknown) => thrown)
    client.destroy()
    const wireNames: Record<string, string> = { NoSuchEntity: 'NoSuchEntityException' }
    const shape = wireNames[error.code] ?? error.code
    const expected = sdk[shape] ?? sdk[`${shape}Exception`]
    expect(expected, `${service} has the class ${shape}`).toBeTypeOf('function')
    expect(caught).toBeInstanceOf(expected as new () => Error)
    expect((caught as Error).message).toBe(error.message)
    expect(caught).toMatchObject({ $metadata: { httpStatusCode: error.status }, ...error.fields })
  })
})

function readModel(service: string): Model {
  return unpackModel(readFileSync(join(modelsFolder, `${service}.json`), 'utf8'))
}

function clientOf(entry: ServiceEntry, options: object): { client: Client; sdk: Record<string, unknown> } {
  const sdk = require(entry.package) as Record<string, unknown>
  const Client = sdk[entry.client] as new (options: object) => Client
  const client = new Client({
    region: 'us-east-1',
    endpoint: server.url,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    disableHostPrefix: true,
    forcePathStyle: true,
    useQueueUrlAsEndpoint: false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Clients of S3 Control put the account before the host, where an address in digits has no room for it.
    ...(entry.service === 's3control' ? { endpointProvider: () => ({ url: new URL(server.url) }) } : { md5: false }),
    ...options,
  })
  return { client, sdk }
}

function newCommand(sdk: Record<string, unknown>, operation: string, input: object): object {
  const Command = sdk[`${operation}Command`] as new (input: object) => object
  return new Command(input)
}

/** Problems found, each naming the operation and the difference. */
async function runAll(
  entry: ServiceEntry,
  model: Model,
  wire: WireTraits,
  label: string,
  options: object,
): Promise<string[]> {
  const problems: string[] = []
  const skip = new Set(skipped[label] ?? skipped[entry.service] ?? [])
  const { client, sdk } = clientOf(entry, options)
  for (let round = 0; round < ROUNDS; round++) {
    for (const operation of model.operations.values()) {
      if (
        unreachable[entry.service]?.includes(operation.name) ||
        (label.includes(' over ') && eventStreamOf(operation))
      )
        continue
      const random = new Random(seed + round * 7919 + hash(operation.name))
      const problem = await runOne(client, sdk, operation, new RandomValues(random, wire), skip).catch(
        (error: unknown) => String(error),
      )
      if (problem !== undefined) problems.push(`${operation.name} round ${round}: ${problem}`)
    }
  }
  client.destroy()
  return problems
}

async function runOne(
  client: Client,
  sdk: Record<string, unknown>,
  operation: OperationSchema,
  values: RandomValues,
  skip: ReadonlySet<string>,
): Promise<string | undefined> {
  const input = operation.input === undefined ? {} : values.structure(operation.input, skip)
  // The one service whose clients always say whose account they mean; it is told from S3 by that.
  const account = operation.input?.members.find(({ traits }) => traits.httpHeader === 'x-amz-account-id')
  if (account !== undefined) input[account.name] = '123456789012'
  const output = operation.output === undefined ? {} : values.structure(operation.output, skip)
  const stream = eventStreamOf(operation)
  const events = stream === undefined ? [] : randomEvents(values, stream.schema as StructureSchema)
  if (stream !== undefined) output[stream.name] = events
  const { exchange } = server
  exchange.failure = undefined
  exchange.received = undefined
  exchange.output = stream === undefined ? output : { ...output, [stream.name]: replay(events) }
  const sent = asClientInput(operation, input)
  let result: Record<string, unknown>
  try {
    result = await client.send(newCommand(sdk, operation.name, sent))
  } catch (error) {
    return `client: ${String(error)}; server: ${String(exchange.failure)}; input ${show(input)}; output ${show(output)}`
  }
  const { route, input: received } = (exchange.received as Exchange['received']) ?? { route: undefined, input: {} }
  if (route?.operation !== operation.name) return `was taken for ${route?.operation}`
  const meant = normal(input)
  const understood = normal(withoutAdditions(received, input))
  if (!isDeepStrictEqual(understood, meant)) return `input differs: ${difference(understood, meant)}`
  const { $metadata: _, ...rest } = result
  const returned = withoutOwnNames(normal(await collected(rest, stream?.name)))
  const expected = normal(output)
  if (!isDeepStrictEqual(returned, expected)) return `output differs: ${difference(returned, expected)}`
  return undefined
}

/** The SDK takes a Date for what the wire carries word for word. */
function asClientInput(operation: OperationSchema, input: Record<string, unknown>): Record<string, unknown> {
  const sent = { ...input }
  for (const name of ['Expires', 'ResponseExpires']) {
    const schema = operation.input?.members.find((member) => member.name === name)?.schema
    if (schema?.kind === 'string' && sent[name] !== undefined) {
      input[name] = new Date(Date.UTC(2030, 1, 2, 3, 4, 5)).toUTCString()
      sent[name] = new Date(input[name] as string)
    }
  }
  return sent
}

function withoutAdditions(received: Record<string, unknown>, meant: Record<string, unknown>): Record<string, unknown> {
  const isAdded = ([name, value]: [string, unknown]) =>
    !(name in meant) && (added.test(name) || (typeof value === 'string' && uuidPattern.test(value)))
  return Object.fromEntries(Object.entries(received).filter((entry) => !isAdded(entry)))
}

/** ExpiresString is the SDK's name for the raw header, ResponseStreamContentType for the type of the event stream itself. */
function withoutOwnNames(returned: unknown): unknown {
  const { ExpiresString, ResponseStreamContentType: _, ...rest } = returned as Record<string, unknown>
  return ExpiresString === undefined ? rest : { ...rest, Expires: ExpiresString }
}

function randomEvents(values: RandomValues, union: StructureSchema): object[] {
  return union.members
    .filter((member) => !(member.schema as StructureSchema).isError)
    .map((member) => ({ [member.name]: values.structure(member.schema as StructureSchema, new Set()) }))
}

async function* replay(events: readonly object[]): AsyncGenerator<object> {
  yield* events
}

/** Streams of the answer, read to their end. */
async function collected(
  result: Record<string, unknown>,
  streamName: string | undefined,
): Promise<Record<string, unknown>> {
  const whole = { ...result }
  for (const [name, value] of Object.entries(result)) {
    if (name === streamName) {
      const events: object[] = []
      for await (const event of value as AsyncIterable<object>) events.push(event)
      whole[name] = events
    } else if (typeof (value as { transformToByteArray?: unknown } | undefined)?.transformToByteArray === 'function') {
      whole[name] = Buffer.from(await (value as { transformToByteArray(): Promise<Uint8Array> }).transformToByteArray())
    }
  }
  return whole
}

/** Comparable: no undefined members, bytes and dates as text. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (value instanceof Date) return `date ${value.toISOString()}`
  if (typeof value === 'bigint') return `bigint ${value}`
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, part]) => part !== undefined && part !== null)
  return Object.fromEntries(entries.map(([name, part]) => [name, normal(part)]))
}

/** The first place where two normal values part. */
function difference(got: unknown, wanted: unknown, path = ''): string {
  if (typeof got === 'object' && typeof wanted === 'object' && got !== null && wanted !== null) {
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)])) {
      const [a, b] = [(got as Record<string, unknown>)[name], (wanted as Record<string, unknown>)[name]]
      if (!isDeepStrictEqual(a, b)) return difference(a, b, `${path}.${name}`)
    }
  }
  return `${path} is ${show(got)} instead of ${show(wanted)}`
}

function show(value: unknown): string {
  return (JSON.stringify(normal(value)) ?? 'undefined').slice(0, 400)
}

function hash(text: string): number {
  let value = 0
  for (const character of text) value = (Math.imul(value, 31) + character.charCodeAt(0)) >>> 0
  return value
}

/**
 * Packs the operation schemas that the pinned `@aws-sdk/client-*` packages export into `models/<service>.json`.
 *
 *   node models/generate.ts                 schemas and patches; constraints stay as they are
 *   node models/generate.ts <api-models>    constraints too, compiled from a checkout of aws/api-models-aws
 *
 * Run after an SDK update and read the diff: it is the change of AWS's API.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { compileConstraints, type PackedConstraints } from './constraints.ts'

const here = import.meta.dirname
const require = createRequire(import.meta.url)

/** One line of `services.json`. */
export interface ServiceEntry {
  readonly service: string
  readonly package: string
  readonly client: string
  readonly signingName: string
  /** Folder of the Smithy AST in aws/api-models-aws. Absent: no constraints. */
  readonly ast?: string
  /** How input that breaks a constraint is refused (src/protocol/validate.ts). */
  readonly validation: { readonly kind: string; readonly code?: string }
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export interface PackedModel {
  service: string
  sdk: string
  version: string
  protocol: string
  namespace: string
  xmlNamespace: string | null
  target: string | null
  queryCompatible: boolean
  operations: Json[]
  shapes: Json[]
  constraints: PackedConstraints
}

interface Patch {
  readonly why: string
  readonly operation?: string
  readonly shape?: string
  readonly member?: string
  readonly type?: number
  readonly traits?: { readonly [name: string]: Json }
  /** `null`: the service checks the member itself, with other codes or newer values. `*` as shape: in every shape that has the member. */
  readonly constraint?: null
}

export function serviceEntries(): ServiceEntry[] {
  return JSON.parse(readFileSync(join(here, 'services.json'), 'utf8')) as ServiceEntry[]
}

/** Everything but the constraints, which are empty here: they do not come from the SDK. */
export function packService(entry: ServiceEntry): PackedModel {
  const sdk = require(entry.package) as Record<string, unknown>
  const Client = sdk[entry.client] as new (options: object) => { config: Record<string, unknown> }
  const { config } = new Client({ region: 'us-east-1' })
  const settings = config['protocolSettings'] as Record<string, unknown>
  const packer = new Packer()
  const operations = Object.keys(sdk)
    .filter((name) => name.endsWith('$') && Array.isArray(sdk[name]) && (sdk[name] as unknown[])[0] === 9)
    .map((name) => packer.operation(sdk[name] as unknown[]))
  // Errors are not reachable from operations; they are exported beside them.
  for (const name of Object.keys(sdk).filter((name) => name.endsWith('$'))) {
    const schema = sdk[name]
    if (!Array.isArray(schema) || schema[0] !== -3 || String(schema[1]).startsWith('smithy.ts.sdk.synthetic')) continue
    packer.ref(schema)
  }
  const protocol = (config['protocol'] as object).constructor.name
  const model: PackedModel = {
    service: entry.service,
    sdk: `${entry.package}@${(require(`${entry.package}/package.json`) as { version: string }).version}`,
    version: String(settings['version']),
    protocol: protocolNames[protocol] ?? fail(`unknown protocol class ${protocol}`),
    namespace: String(settings['defaultNamespace']),
    xmlNamespace: (settings['xmlNamespace'] as string | undefined) ?? null,
    target: (settings['serviceTarget'] as string | undefined) ?? null,
    queryCompatible: settings['awsQueryCompatible'] === true,
    operations,
    shapes: packer.shapes,
    constraints: { rules: [], members: {} },
  }
  for (const patch of patchesOf(entry.service)) if (patch.constraint === undefined) applyPatch(model, patch)
  return model
}

/** One operation, shape or rule per line, so that a diff reads like a change of the API. */
export function printModel(model: PackedModel): string {
  const lines = (items: readonly unknown[]) => `[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]`
  const { operations, shapes, constraints, ...facts } = model
  const members = Object.entries(constraints.members).map(
    ([name, of]) => `${JSON.stringify(name)}:${JSON.stringify(of)}`,
  )
  return `${JSON.stringify(facts).slice(0, -1)},
"operations":${lines(operations)},
"shapes":${lines(shapes)},
"constraints":{"rules":${lines(constraints.rules)},"members":{\n${members.join(',\n')}\n}}}\n`
}

const protocolNames: Record<string, string> = {
  S3RestXmlProtocol: 'restXml',
  AwsRestXmlProtocol: 'restXml',
  AwsRestJsonProtocol: 'restJson1',
  AwsJson1_0Protocol: 'awsJson1_0',
  AwsJson1_1Protocol: 'awsJson1_1',
  AwsQueryProtocol: 'awsQuery',
}

/** Trait bits of the SDK's tuples, spelled out. Those that a server has no use for are dropped. */
const traitBits: readonly [number, string][] = [
  [1, 'httpLabel'],
  [8, 'sensitive'],
  [16, 'httpPayload'],
  [32, 'httpResponseCode'],
]
const droppedTraits = new Set(['idempotent', 'idempotencyToken', 'httpChecksum'])

/** SDK tuples → packed tuples: namespaces go, thunks become negative indexes (-1 is shape 0), traits lose their bits. */
class Packer {
  readonly shapes: Json[] = []
  #indexOf = new Map<unknown, number>()
  #indexOfText = new Map<string, number>()

  operation([, , name, traits, input, output]: unknown[]): Json {
    return [String(name), this.#traits(traits) || {}, this.ref(input), this.ref(output)]
  }

  ref(given: unknown): Json {
    const schema = typeof given === 'function' ? (given as () => unknown)() : given
    if (schema === 'unit') return null
    if (typeof schema === 'number') return schema
    if (!Array.isArray(schema)) return fail(`not a schema: ${String(schema)}`)
    const known = this.#indexOf.get(schema)
    if (known !== undefined) return -1 - known
    const [kind, , name, traits] = schema as [number, string, string, unknown]
    if (kind === 3 || kind === 4 || kind === -3) {
      const index = this.shapes.push(null) - 1
      this.#indexOf.set(schema, index)
      const [names, members, required] = schema.slice(4) as [string[], unknown[], number | undefined]
      const packed = members.map((member) => this.#member(member))
      this.shapes[index] = [kind, name, this.#traits(traits), names, packed, required ?? 0]
      return -1 - index
    }
    const content: Json =
      kind === 1
        ? [1, name, this.#traits(traits), this.#member(schema[4])]
        : kind === 2
          ? [2, name, this.#traits(traits), this.#member(schema[4]), this.#member(schema[5])]
          : kind === 0
            ? [0, name, this.#traits(traits), this.ref(schema[4])]
            : fail(`unknown schema kind ${kind}`)
    // Some packages write the same list inline in many places.
    const text = JSON.stringify(content)
    const index = this.#indexOfText.get(text) ?? this.shapes.push(content) - 1
    this.#indexOfText.set(text, index)
    this.#indexOf.set(schema, index)
    return -1 - index
  }

  #member(given: unknown): Json {
    if (!Array.isArray(given) || given.length !== 2) return this.ref(given)
    const traits = this.#traits(given[1])
    return traits === 0 ? this.ref(given[0]) : [this.ref(given[0]), traits]
  }

  #traits(given: unknown): Json {
    if (typeof given === 'number') {
      if ((given & 64) !== 0) return fail('httpQueryParams: the runtime does not read it, no service of ours had it')
      const names = traitBits.filter(([bit]) => (given & bit) !== 0).map(([, name]) => [name, 1] as const)
      return names.length === 0 ? 0 : Object.fromEntries(names)
    }
    const kept = Object.entries(given as Record<string, Json>).filter(([name]) => !droppedTraits.has(name))
    return kept.length === 0 ? 0 : Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

function patchesOf(service: string): Patch[] {
  const name = `${service}.json`
  if (!readdirSync(join(here, 'patches')).includes(name)) return []
  return JSON.parse(readFileSync(join(here, 'patches', name), 'utf8')) as Patch[]
}

function applyPatch(model: PackedModel, patch: Patch): void {
  if (patch.operation !== undefined) {
    const operation = model.operations.find((item) => (item as Json[])[0] === patch.operation) as Json[] | undefined
    if (operation === undefined) return fail(`patch of ${model.service}: no operation ${patch.operation}`)
    operation[1] = { ...(operation[1] as object), ...patch.traits }
    return
  }
  const shape = model.shapes.find((item) => (item as Json[])[1] === patch.shape) as Json[] | undefined
  const index = (shape?.[3] as string[] | undefined)?.indexOf(patch.member ?? '') ?? -1
  if (shape === undefined || index < 0)
    return fail(`patch of ${model.service}: no member ${patch.shape}.${patch.member}`)
  const members = shape[4] as Json[]
  const [type, traits] = Array.isArray(members[index])
    ? (members[index] as [Json, object])
    : [members[index] as Json, {}]
  const patched = { ...traits, ...patch.traits } as { [name: string]: Json }
  for (const [name, value] of Object.entries(patched)) if (value === null) delete patched[name]
  members[index] = [patch.type ?? type, patched]
}

function dropConstraint(model: PackedModel, { shape, member }: Patch): void {
  const { members } = model.constraints
  for (const [name, of] of Object.entries(members)) {
    if (shape !== '*' && shape !== name) continue
    delete of[member as string]
    if (Object.keys(of).length === 0) delete members[name]
  }
}

function fail(sentence: string): never {
  throw new Error(sentence)
}

function main(apiModels: string | undefined): void {
  const directory: Json[] = []
  for (const entry of serviceEntries()) {
    const path = join(here, `${entry.service}.json`)
    const model = packService(entry)
    if (apiModels !== undefined) {
      if (entry.ast !== undefined)
        model.constraints = compileConstraints(readAst(join(apiModels, entry.ast)), model.shapes)
    } else if (existsSync(path)) {
      model.constraints = (JSON.parse(readFileSync(path, 'utf8')) as PackedModel).constraints
    }
    for (const patch of patchesOf(entry.service)) if (patch.constraint === null) dropConstraint(model, patch)
    writeFileSync(path, printModel(model))
    const { service, signingName, validation } = entry
    directory.push({
      service,
      signingName,
      target: model.target,
      version: model.version,
      protocol: model.protocol,
      validation: { ...validation },
    })
    console.log(
      `${entry.service}: ${model.operations.length} operations, ${model.shapes.length} shapes, ${model.constraints.rules.length} rules`,
    )
  }
  // What choosing a service needs, so that no model is read for it.
  writeFileSync(join(here, 'directory.json'), `[\n${directory.map((line) => JSON.stringify(line)).join(',\n')}\n]\n`)
}

function readAst(folder: string): unknown {
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.json'))
  return JSON.parse(readFileSync(join(folder, name ?? fail(`no model in ${folder}`)), 'utf8'))
}

if (process.argv[1] === import.meta.filename) main(process.argv[2])

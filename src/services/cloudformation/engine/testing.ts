import type { Caller } from '../../../protocol/caller.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { createQueue } from '../../../queue/queue.ts'
import { ManualClock } from '../../../std/clock.ts'
import { MemoryStore } from '../../../store/engines/memory.ts'
import {
  type Commit,
  type CommitResult,
  type Entry,
  type Key,
  type Range,
  type Store,
  StoreClosedError,
} from '../../../store/store.ts'
import type { ResourceSchema } from '../../../template/schema.ts'
import { resolveParameters } from '../../../template/parameters.ts'
import type { Template, TemplateObject, TemplateResource } from '../../../template/template.ts'
import type { CallDoor } from '../../door.ts'
import type { ResourceContext, ResourceType } from '../resource-types/resource-type.ts'
import {
  type EventRow,
  events,
  type ResourceRow,
  resources,
  type RetiredRow,
  retired,
  type RevisionRow,
  type StackRow,
  stackKey,
  stacks,
} from '../tables.ts'
import type { PrepareNested } from './doors.ts'
import { Engine, type StackLook } from './engine.ts'
import { newStackId } from './stack-id.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAROOTROOTROOTROOT' }
export const THING = 'Test::Thing'
/** Made like a thing. */
export const FUNCTION = 'AWS::Lambda::Function'
export const ORIGIN = 'http://127.0.0.1:4566'

const THING_SCHEMA: ResourceSchema = {
  properties: {
    Value: { isRequired: false, replaces: 'no', type: 'any' },
    Kind: { isRequired: false, replaces: 'yes', type: 'string' },
    Name: { isRequired: false, replaces: 'yes', type: 'string' },
    Tags: { isRequired: false, replaces: 'no', type: 'array' },
  },
  attributes: ['Echo'],
}

export interface Thing {
  readonly logicalId: string
  readonly stackId: string
  readonly properties: TemplateObject
}

/** What the resources of stacks are out there: it outlives every engine. */
export class World {
  readonly things = new Map<string, Thing>()
  /** `create A`, in the order of calls that changed something. */
  readonly deeds: string[] = []
  /** What updates were told that the resource was. */
  readonly updatedFrom: TemplateObject[] = []
  /** Undefined: the call succeeds. */
  fails: (action: 'create' | 'update' | 'delete', logicalId: string, properties: TemplateObject) => boolean = () =>
    false

  /** The resource type of an engine: a dead engine's calls come to nothing. */
  type(isAlive: () => boolean): ResourceType {
    const enter = (action: 'create' | 'update' | 'delete', ctx: ResourceContext, properties: TemplateObject) => {
      if (!isAlive()) throw new StoreClosedError('killed')
      if (this.fails(action, ctx.logicalId, properties)) {
        throw new AwsError('InvalidRequest', 400, `${ctx.logicalId} does not want to`)
      }
    }
    const state = (physicalId: string, properties: TemplateObject) => ({
      physicalId,
      attributes: {
        Echo: String(properties['Value'] ?? ''),
        Arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${physicalId}`,
      },
    })
    return {
      name: THING,
      properties: Object.keys(THING_SCHEMA.properties),
      create: async (ctx, properties) => {
        const { Name } = properties
        const id = typeof Name === 'string' ? Name : ctx.physicalName({ lengthMax: 60 })
        try {
          enter('create', ctx, properties)
        } catch (error) {
          // A create that throws leaves nothing behind, whatever an earlier attempt did.
          if (error instanceof AwsError && ctx.isRepeat) this.things.delete(id)
          throw error
        }
        if (this.things.has(id) && !ctx.isRepeat) throw new AwsError('AlreadyExists', 409, `${id} exists`)
        this.things.set(id, { logicalId: ctx.logicalId, stackId: ctx.stackId, properties })
        this.deeds.push(`create ${ctx.logicalId}`)
        return state(id, properties)
      },
      update: async (ctx, { physicalId, properties: before }, properties) => {
        this.updatedFrom.push(before)
        enter('update', ctx, properties)
        if (!this.things.has(physicalId)) throw new AwsError('NotFound', 404, `${physicalId} does not exist`)
        this.things.set(physicalId, { logicalId: ctx.logicalId, stackId: ctx.stackId, properties })
        this.deeds.push(`update ${ctx.logicalId}`)
        return state(physicalId, properties)
      },
      delete: async (ctx, { physicalId, properties }) => {
        // What is gone already counts as deleted.
        if (isAlive() && !this.things.has(physicalId)) return
        enter('delete', ctx, properties)
        this.deeds.push(`delete ${ctx.logicalId}`)
        this.things.delete(physicalId)
      },
      read: async (_, { physicalId }) => this.things.get(physicalId)?.properties,
    }
  }
}

/** A store that goes away after a number of commits, as a killed process's does. */
export class MortalStore implements Store {
  commitsLeft = Number.POSITIVE_INFINITY
  /** Late: only when it is asked for one more commit, so what was done between the two has been done and is written nowhere. */
  diesLate = false
  commits = 0
  readonly #store: Store
  #isDead = false

  constructor(store: Store) {
    this.#store = store
  }

  get isAlive(): boolean {
    return !this.#isDead && (this.diesLate || this.commitsLeft > 0)
  }

  die(): void {
    this.#isDead = true
  }

  async get(key: Key): Promise<Entry | undefined> {
    this.#enter()
    return this.#store.get(key)
  }

  async getMany(keys: readonly Key[]): Promise<(Entry | undefined)[]> {
    this.#enter()
    return this.#store.getMany(keys)
  }

  async list(range: Range): Promise<Entry[]> {
    this.#enter()
    return this.#store.list(range)
  }

  async commit(commit: Commit): Promise<CommitResult> {
    if (this.commitsLeft <= 0) this.die()
    this.#enter()
    this.commitsLeft--
    this.commits++
    return this.#store.commit(commit)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #enter(): void {
    if (!this.isAlive) throw new StoreClosedError('killed')
  }
}

/** An engine on a world, a clock and a store that can be killed and opened again. */
export class EngineTest {
  readonly clock = new ManualClock()
  readonly world = new World()
  readonly disk = new MemoryStore()
  /** Calls to services, answered by {@link answer}. */
  readonly calls: {
    readonly service: string
    readonly operation: string
    readonly input: Readonly<Record<string, unknown>>
    readonly as: Caller
  }[] = []
  answer: (service: string, operation: string, input: Readonly<Record<string, unknown>>) => object = () => ({})
  /** Templates of nested stacks, by address. */
  readonly templates = new Map<string, Template>()
  readonly failures: unknown[] = []
  store = new MortalStore(this.disk)
  engine: Engine
  #starts = 0

  constructor() {
    this.engine = this.#open()
  }

  /** What a new process finds. */
  reopen(): void {
    this.store.die()
    this.store = new MortalStore(this.disk)
    this.engine = this.#open()
  }

  #open(): Engine {
    const { store, clock } = this
    this.#starts++
    const queue = createQueue<StackLook>(store, {
      name: 'stacks',
      clock,
      owner: `start-${this.#starts}`,
      leaseMs: 60_000,
      isExclusive: true,
    })
    const thing = this.world.type(() => store.isAlive)
    return new Engine({
      store,
      clock,
      queue,
      call: (async (service, operation, input, as) => {
        if (!store.isAlive) throw new StoreClosedError('killed')
        const seen = input as Readonly<Record<string, unknown>>
        this.calls.push({ service, operation, input: seen, as })
        return this.answer(service, operation, seen)
      }) as (...call: never[]) => Promise<object> as CallDoor,
      callerFor: async (roleArn) => {
        if (roleArn.endsWith('/missing'))
          throw new AwsError('ValidationError', 400, `Role ${roleArn} is invalid or cannot be assumed`)
        return { kind: 'service', principal: roleArn }
      },
      functionCaller: async (roleArn) => ({ kind: 'service', principal: roleArn }),
      isNotificationsHandler: ({ Description }) => Description === 'puts notifications',
      findResourceType: (name) => (name === THING || name === FUNCTION ? thing : undefined),
      schemas: (type) => (type === THING ? THING_SCHEMA : undefined),
      prepareNested: this.#prepareNested,
      origin: () => ORIGIN,
      onFailure: (error) => {
        if (store.isAlive) this.failures.push(error)
      },
    })
  }

  readonly #prepareNested: PrepareNested = async ({
    templateUrl,
    parameters,
    tags,
    notificationArns,
    capabilities,
  }) => {
    const template = this.templates.get(templateUrl)
    if (template === undefined) throw new AwsError('ValidationError', 400, `S3 error: ${templateUrl} does not exist`)
    const given = Object.entries(parameters).map(([name, value]) => ({ name, value }))
    return { ...revision(template, given), tags, notificationArns, capabilities }
  }

  stackId(name: string): string {
    return newStackId({ accountId: ACCOUNT, region: REGION, name })
  }

  async create(name: string, template: Template, options: CreateOptions = {}): Promise<StackRow> {
    const { stack } = await this.beginCreate(name, template, options)
    await this.engine.settle()
    return this.stack(stack.stackId)
  }

  async beginCreate(name: string, template: Template, options: CreateOptions = {}): Promise<{ stack: StackRow }> {
    const {
      onFailure = 'rollback',
      disableRollback = false,
      timeoutMinutes = null,
      roleArn = null,
      given = [],
    } = options
    const stack = await this.engine.begin({
      kind: 'create',
      caller: ROOT,
      clientRequestToken: 'token-1',
      onFailure,
      revision: revision(template, given),
      stack: { stackId: this.stackId(name), roleArn, disableRollback, timeoutMinutes, isProtected: false },
    })
    return { stack }
  }

  async update(stackId: string, template: Template, options: UpdateOptions = {}): Promise<StackRow> {
    await this.beginUpdate(stackId, template, options)
    await this.engine.settle()
    return this.stack(stackId)
  }

  async beginUpdate(
    stackId: string,
    template: Template,
    { disableRollback = false, tags = {} }: UpdateOptions = {},
  ): Promise<void> {
    const wanted = { ...revision(template), tags }
    await this.engine.begin({ kind: 'update', caller: ROOT, stackId, disableRollback, revision: wanted })
  }

  async delete(stackId: string, retainResources: readonly string[] = []): Promise<StackRow> {
    await this.engine.begin({ kind: 'delete', caller: ROOT, stackId, retainResources })
    await this.engine.settle()
    return this.stack(stackId)
  }

  async stack(stackId: string): Promise<StackRow> {
    const row = await stacks.get(this.disk, stackKey(stackId) as NonNullable<ReturnType<typeof stackKey>>)
    if (row === undefined) throw new Error(`no stack ${stackId}`)
    return row
  }

  async rows(stackId: string): Promise<ResourceRow[]> {
    return (await resources.list(this.disk, { prefix: [stackId], limit: 1000 })).map(({ value }) => value)
  }

  async retired(stackId: string): Promise<RetiredRow[]> {
    return (await retired.list(this.disk, { prefix: [stackId], limit: 1000 })).map(({ value }) => value)
  }

  /** Oldest first. */
  async events(stackId: string): Promise<EventRow[]> {
    return (await events.list(this.disk, { prefix: [stackId], limit: 5000 })).map(({ value }) => value).reverse()
  }

  /** `Id STATUS` or `Id STATUS: reason`, oldest first. */
  async story(stackId: string): Promise<string[]> {
    return (await this.events(stackId)).map(
      ({ logicalId, status, statusReason }) =>
        `${logicalId} ${status}${statusReason === null ? '' : `: ${statusReason}`}`,
    )
  }

  /** Statuses of the stack itself, oldest first. */
  async statuses(stackId: string): Promise<string[]> {
    return (await this.events(stackId))
      .filter((event) => event.physicalId === stackId && event.stackId === stackId)
      .map(({ status }) => status)
  }
}

export interface CreateOptions {
  readonly onFailure?: 'rollback' | 'delete' | 'keep'
  readonly disableRollback?: boolean
  readonly timeoutMinutes?: number
  readonly roleArn?: string
  readonly given?: readonly { readonly name: string; readonly value: string }[]
}

export interface UpdateOptions {
  readonly disableRollback?: boolean
  readonly tags?: Readonly<Record<string, string>>
}

export function revision(
  template: Template,
  given: readonly { readonly name: string; readonly value: string }[] = [],
): RevisionRow {
  return {
    original: JSON.stringify(template),
    processed: template,
    parameters: resolveParameters(template, given),
    tags: {},
    notificationArns: [],
    capabilities: [],
  }
}

export function thing(
  properties: TemplateObject = {},
  rest: Omit<TemplateResource, 'Type' | 'Properties'> = {},
): TemplateResource {
  return { Type: THING, Properties: properties, ...rest }
}

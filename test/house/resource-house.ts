import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessDenied } from '../../src/auth/access-denied.ts'
import { createAuthorizer } from '../../src/auth/authorize.ts'
import { MemoryBlobs } from '../../src/blobs/memory.ts'
import type { Delivery, Target } from '../../src/delivery/delivery.ts'
import { createDelivery } from '../../src/delivery/outbox.ts'
import { endpointsOf, roomsOf } from '../../src/operation-tables.ts'
import type { Caller } from '../../src/protocol/caller.ts'
import { AwsError } from '../../src/protocol/errors.ts'
import type { Grant } from '../../src/protocol/operation.ts'
import { createPipeline, type Pipeline } from '../../src/protocol/pipeline.ts'
import { createQueue } from '../../src/queue/queue.ts'
import type {
  ExistingResource,
  ResourceContext,
  ResourceType,
} from '../../src/services/cloudformation/resource-types/resource-type.ts'
import type { CallDoor } from '../../src/services/door.ts'
import { Iam } from '../../src/services/iam/service.ts'
import type { ParcelJob } from '../../src/services/lambda/destinations/parcel.ts'
import type { Invocation } from '../../src/services/lambda/invoke/invocation.ts'
import { Lambda } from '../../src/services/lambda/service.ts'
import { ScriptedExecutor } from '../../src/services/lambda/testing.ts'
import { canonicalUserId } from '../../src/services/s3/owners.ts'
import { S3 } from '../../src/services/s3/service.ts'
import type { OwedMessage } from '../../src/services/sns/tables.ts'
import { Sns } from '../../src/services/sns/service.ts'
import { Sqs } from '../../src/services/sqs/service.ts'
import { ManualClock } from '../../src/std/clock.ts'
import { MasterKey } from '../../src/std/master-key.ts'
import { MemoryStore } from '../../src/store/engines/memory.ts'
import type { TemplateObject } from '../../src/template/template.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAROOTROOTROOTROOT' }
const STACK_ID = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/shop/1`

type Call = ResourceContext['call']

/** Buckets, functions, IAM, queues and topics in one process, behind the real pipeline and its permissions; functions do not run. */
export class ResourceHouse implements AsyncDisposable {
  readonly failures: unknown[] = []
  /** As the account's root. */
  readonly call: Call
  readonly #iam: Iam
  readonly #pipeline: Pipeline
  readonly #codePath: string
  #resources = 0

  private constructor(codePath: string) {
    this.#codePath = codePath
    const clock = new ManualClock()
    const store = new MemoryStore()
    const blobs = new MemoryBlobs(clock)
    const onFailure = (error: unknown) => void this.failures.push(error)
    const queueOptions = { clock, owner: 'test', leaseMs: 60_000, isExclusive: true }
    const queue = <Payload>(name: string) => createQueue<Payload>(store, { ...queueOptions, name })
    const iam = new Iam({ store, clock, accountId: ACCOUNT, masterKey: new MasterKey(Buffer.alloc(32, 1)) })
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      canonicalUserId,
      identityPolicies: iam.identityPolicies,
      resourcePolicies: {
        s3: (arn, grant) => s3.resourcePolicy(arn, grant),
        lambda: (arn) => lambda.resourcePolicy(arn),
        sqs: (arn) => sqs.resourcePolicy(arn),
        sns: (arn) => sns.resourcePolicy(arn),
        sts: iam.trustPolicy,
      },
    })
    const authorize = (caller: Caller, grant: Grant) => authorizer.decide(caller, grant, undefined, clock.now(), REGION)
    const origin = () => 'http://127.0.0.1:4566'
    const call = ((...args: Parameters<CallDoor>) => this.#pipeline.call(...args)) as CallDoor
    const targets: Target[] = []
    const sqs = new Sqs({ store, clock, authorize, origin, isExclusive: true })
    const sns = new Sns({
      store,
      clock,
      authorize,
      origin,
      queue: queue<OwedMessage>('notifications'),
      targets: () => targets,
      onFailure,
    })
    const lambda = new Lambda({
      store,
      blobs,
      clock,
      executor: new ScriptedExecutor(clock),
      queue: queue<Invocation>('invocations'),
      destinationQueue: queue<ParcelJob>('destinations'),
      destinationTargets: () => targets,
      call,
      codePath,
      credentialsFor: (...role) => iam.credentialsFor(...role),
      canAssume: (...role) => iam.canAssume(...role),
      isPrincipal: (arn) => iam.isPrincipal(arn),
      openLog: () => ({ write: () => {} }),
      authorize,
      origin,
      urlOf: (hostBegin) => `http://${hostBegin}.localhost:4566/`,
      onFailure,
    })
    targets.push(lambda.target, sqs.target, sns.target)
    const deliveries = createDelivery({ store, clock, queue: queue<Delivery>('deliveries'), targets, onFailure })
    const s3 = new S3({ store, blobs, clock, deliveries, accessDenied, call })
    this.#iam = iam
    this.#pipeline = createPipeline({
      accountId: ACCOUNT,
      region: REGION,
      clock,
      // The other services are not here, and nobody calls them.
      endpoints: endpointsOf({
        s3: { service: s3 },
        ...roomsOf({ lambda, iam, sqs, sns }),
      } as Parameters<typeof endpointsOf>[0]),
      authenticate: () => Promise.reject(new Error('calls here come without a wire')),
      decide: (...question) => authorizer.decide(...question),
      accessDenied,
      translate: () => undefined,
      onBug: onFailure,
    })
    this.call = this.callAs(ROOT)
  }

  static async start(): Promise<ResourceHouse> {
    const house = new ResourceHouse(await mkdtemp(join(tmpdir(), 'resources-')))
    await house.#iam.ensureRoot(null)
    return house
  }

  callAs(caller: Caller): Call {
    return (service, operation, input) => this.#pipeline.call(service, operation, input as object, caller) as never
  }

  /** A role that CloudFormation may assume, as a caller: it may do what the policy says. */
  async stackRole(name: string, ...actions: string[]): Promise<Call> {
    const AssumeRolePolicyDocument = JSON.stringify(trust('cloudformation.amazonaws.com'))
    await this.call('iam', 'CreateRole', { RoleName: name, AssumeRolePolicyDocument })
    const PolicyDocument = JSON.stringify(allow(actions))
    await this.call('iam', 'PutRolePolicy', { RoleName: name, PolicyName: 'p', PolicyDocument })
    const role = await this.#iam.findRole(`arn:aws:iam::${ACCOUNT}:role/${name}`)
    if (role === undefined) throw new Error(`${name} was not made`)
    const session = await this.#iam.openRoleSession({ role, sessionName: 'stack', durationMs: 3_600_000 })
    return this.callAs(session.caller)
  }

  /** A role that functions can run as, and its ARN. */
  async functionRole(RoleName = 'functions'): Promise<string> {
    const AssumeRolePolicyDocument = JSON.stringify(trust('lambda.amazonaws.com'))
    const { Role } = await this.call('iam', 'CreateRole', { RoleName, AssumeRolePolicyDocument })
    const PolicyDocument = JSON.stringify(allow(['*']))
    await this.call('iam', 'PutRolePolicy', { RoleName, PolicyName: 'all', PolicyDocument })
    return Role?.Arn ?? ''
  }

  /** A resource of a stack named `shop`, as its engine would make it. */
  resource(
    type: ResourceType,
    options: { readonly call?: Call; readonly tags?: Record<string, string> } = {},
  ): StackResource {
    return new StackResource(type, `Thing${++this.#resources}`, options.call ?? this.call, options.tags ?? {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#codePath, { recursive: true, force: true })
  }
}

/** The process died: nothing of it happens any more. */
export class Died extends Error {}

/** What happens to one of the next calls: refused by its service, or carried out by a process that dies before it hears of it. */
export interface Accident {
  readonly kind: 'refused' | 'died'
  /** Counted from 0. */
  readonly atCall: number
}

export class StackResource {
  readonly #type: ResourceType
  #context: ResourceContext
  /** Since it was last set. */
  callCount = 0
  accident: Accident | undefined
  existing: ExistingResource = { physicalId: '', attributes: {}, properties: {} }

  constructor(type: ResourceType, logicalId: string, call: Call, tags: Readonly<Record<string, string>>) {
    this.#type = type
    this.#context = {
      stackId: STACK_ID,
      stackName: 'shop',
      logicalId,
      accountId: ACCOUNT,
      region: REGION,
      token: `token-${logicalId}`,
      isRepeat: false,
      stackTags: {
        ...tags,
        'aws:cloudformation:stack-name': 'shop',
        'aws:cloudformation:stack-id': STACK_ID,
        'aws:cloudformation:logical-id': logicalId,
      },
      goneStackTags: [],
      physicalName: ({ lengthMax, isLowerCase }) => {
        const name = `shop-${logicalId}-1A2B3C4D5E6F`.slice(0, lengthMax)
        return isLowerCase === true ? name.toLowerCase() : name
      },
      call: (async (...args: Parameters<Call>) => {
        const at = this.callCount++
        const { kind, atCall } = this.accident ?? { kind: 'none', atCall: Number.POSITIVE_INFINITY }
        if (kind === 'refused' && at === atCall) throw new AwsError('OperationAborted', 409, 'an accident of the test')
        if (kind === 'died' && at > atCall) throw new Died()
        const answer = await call(...args)
        if (kind === 'died' && at === atCall) throw new Died()
        return answer
      }) as Call,
    }
  }

  /** Does something as if nothing had gone wrong before, with the calls counted from 0 and, where one is given, an accident among them. */
  async with<T>(accident: Accident | undefined, act: () => Promise<T>): Promise<T> {
    this.accident = accident
    this.callCount = 0
    try {
      return await act()
    } finally {
      this.accident = undefined
    }
  }

  /** Tags of the stack, beside those that CloudFormation adds. */
  set stackTags(tags: Readonly<Record<string, string>>) {
    const [system, own] = [true, false].map((isSystem) =>
      Object.entries(this.#context.stackTags).filter(([key]) => key.startsWith('aws:') === isSystem),
    )
    const goneStackTags = (own ?? []).flatMap(([key]) => (key in tags ? [] : [key]))
    this.#context = { ...this.#context, stackTags: { ...tags, ...Object.fromEntries(system ?? []) }, goneStackTags }
  }

  get refusals(): (properties: TemplateObject) => readonly string[] {
    return (properties) => this.#type.refusals?.(properties) ?? []
  }

  async create(properties: TemplateObject, { isRepeat = false } = {}): Promise<ExistingResource> {
    const state = await this.#type.create({ ...this.#context, isRepeat }, properties)
    this.existing = { ...state, properties }
    return this.existing
  }

  async update(properties: TemplateObject, { isRepeat = false } = {}): Promise<ExistingResource> {
    const state = await this.#type.update({ ...this.#context, isRepeat }, this.existing, properties)
    this.existing = { ...state, properties }
    return this.existing
  }

  delete(): Promise<void> {
    return this.#type.delete(this.#context, this.existing)
  }

  read(): Promise<TemplateObject | undefined> {
    return this.#type.read(this.#context, this.existing)
  }
}

export function trust(Service: string): TemplateObject {
  return {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }],
  }
}

export function allow(Action: readonly string[], Resource = '*'): TemplateObject {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] }
}

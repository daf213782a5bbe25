import { accessDenied } from '../../src/auth/access-denied.ts'
import { createAuthorizer } from '../../src/auth/authorize.ts'
import type { Delivery, Target } from '../../src/delivery/delivery.ts'
import { createDelivery } from '../../src/delivery/outbox.ts'
import type { Caller } from '../../src/protocol/caller.ts'
import { createPipeline, type Endpoint } from '../../src/protocol/pipeline.ts'
import type { Grant } from '../../src/protocol/operation.ts'
import { loadService } from '../../src/protocol/services.ts'
import { createQueue } from '../../src/queue/queue.ts'
import { resourceSchemas } from '../../src/services/cloudformation/schemas.ts'
import type {
  ExistingResource,
  ResourceContext,
  ResourceType,
} from '../../src/services/cloudformation/resource-types/resource-type.ts'
import type { CallDoor, ServiceName } from '../../src/services/door.ts'
import { operations as eventsOperations } from '../../src/services/events/operations.ts'
import { Events } from '../../src/services/events/service.ts'
import { operations as logsOperations } from '../../src/services/logs/operations.ts'
import { Logs } from '../../src/services/logs/service.ts'
import { operations as snsOperations } from '../../src/services/sns/operations.ts'
import { Sns } from '../../src/services/sns/service.ts'
import type { OwedMessage } from '../../src/services/sns/tables.ts'
import { operations as sqsOperations } from '../../src/services/sqs/operations.ts'
import { Sqs } from '../../src/services/sqs/service.ts'
import { operations as ssmOperations } from '../../src/services/ssm/operations.ts'
import { Ssm } from '../../src/services/ssm/service.ts'
import { ManualClock } from '../../src/std/clock.ts'
import { MasterKey } from '../../src/std/master-key.ts'
import { MemoryStore } from '../../src/store/engines/memory.ts'
import type { TemplateObject } from '../../src/template/template.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAROOTROOTROOTROOT' }

const origin = () => 'http://127.0.0.1:4566'

function endpoint(name: ServiceName, operations: object, service: unknown): Endpoint {
  return {
    name,
    protocol: loadService(name),
    signingName: name,
    bodyBytesMax: 1024 * 1024,
    operations: operations as never,
    service,
  }
}

/** Queues, topics, rules, logs and parameters in one process, behind the real pipeline. */
export class MessagingHouse {
  readonly clock = new ManualClock()
  readonly failures: unknown[] = []
  readonly #pipeline

  constructor() {
    const { clock } = this
    const store = new MemoryStore()
    const onFailure = (error: unknown) => void this.failures.push(error)
    const queueOptions = { clock, owner: 'test', leaseMs: 60_000, isExclusive: true }
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      identityPolicies: async () => ({ identity: [], boundary: undefined, session: [], tags: {} }),
      resourcePolicies: {
        sqs: (arn) => sqs.resourcePolicy(arn),
        sns: (arn) => sns.resourcePolicy(arn),
        events: (arn) => events.resourcePolicy(arn),
      },
    })
    const authorize = (caller: Caller, grant: Grant) => authorizer.decide(caller, grant, undefined, clock.now(), REGION)
    const call = ((...args: Parameters<CallDoor>) => this.#pipeline.call(...args)) as CallDoor
    const targets: Target[] = []
    const sqs = new Sqs({ store, clock, authorize, origin, isExclusive: true })
    const sns = new Sns({
      store,
      clock,
      authorize,
      origin,
      queue: createQueue<OwedMessage>(store, { ...queueOptions, name: 'notifications' }),
      targets: () => targets,
      onFailure,
    })
    targets.push(sqs.target, sns.target)
    const queue = createQueue<Delivery>(store, { ...queueOptions, name: 'deliveries' })
    const deliveries = createDelivery({ store, clock, queue, targets, onFailure })
    const events = new Events({
      store,
      clock,
      deliveries,
      authorize,
      mayAsRole: async () => ({ allowed: false, note: 'no such role' }),
    })
    targets.push(events.target)
    this.#pipeline = createPipeline({
      accountId: ACCOUNT,
      region: REGION,
      clock,
      endpoints: [
        endpoint('sqs', sqsOperations, sqs),
        endpoint('sns', snsOperations, sns),
        endpoint('events', eventsOperations, events),
        endpoint(
          'logs',
          logsOperations,
          new Logs({ store, clock, accountId: ACCOUNT, region: REGION, call, onFailure }),
        ),
        endpoint('ssm', ssmOperations, new Ssm({ store, clock, masterKey: new MasterKey(Buffer.alloc(32, 1)) })),
      ],
      authenticate: () => Promise.reject(new Error('calls here come without a wire')),
      decide: (...question) => authorizer.decide(...question),
      accessDenied,
      translate: () => undefined,
      onBug: onFailure,
    })
  }

  readonly call: ResourceContext['call'] = (service, operation, input) =>
    this.#pipeline.call(service, operation, input as object, ROOT) as never

  /** A resource of a stack named `shop`, as its engine would make it. */
  resource(type: ResourceType, logicalId = 'Thing', stackTags: Readonly<Record<string, string>> = {}): StackResource {
    return new StackResource(this.call, type, logicalId, stackTags)
  }
}

class StackResource {
  readonly #type: ResourceType
  readonly #context: ResourceContext
  #existing: ExistingResource | undefined

  constructor(
    call: ResourceContext['call'],
    type: ResourceType,
    logicalId: string,
    stackTags: Readonly<Record<string, string>>,
  ) {
    this.#type = type
    this.#context = {
      stackId: `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/shop/1`,
      stackName: 'shop',
      logicalId,
      accountId: ACCOUNT,
      region: REGION,
      token: 'token-1',
      isRepeat: false,
      stackTags: { 'aws:cloudformation:stack-name': 'shop', ...stackTags },
      goneStackTags: [],
      physicalName: ({ lengthMax, isLowerCase }) => {
        const name = `shop-${logicalId}-1A2B3C4D5E6F`.slice(0, lengthMax)
        return isLowerCase === true ? name.toLowerCase() : name
      },
      call,
    }
  }

  get existing(): ExistingResource {
    if (this.#existing === undefined) throw new Error('the resource has not been created')
    return this.#existing
  }

  async create(properties: TemplateObject, { isRepeat = false } = {}): Promise<ExistingResource> {
    const state = await this.#type.create({ ...this.#context, isRepeat }, properties)
    this.#existing = { ...state, properties }
    return this.#existing
  }

  async update(properties: TemplateObject): Promise<ExistingResource> {
    const state = await this.#type.update(this.#context, this.existing, properties)
    this.#existing = { ...state, properties }
    return this.#existing
  }

  delete(): Promise<void> {
    return this.#type.delete(this.#context, this.existing)
  }

  read(): Promise<TemplateObject | undefined> {
    return this.#type.read(this.#context, this.existing)
  }

  /** Its attributes in the order of the specification; a difference is a promise not kept. */
  get attributeNames(): { readonly given: string[]; readonly specified: readonly string[] } {
    return {
      given: Object.keys(this.existing.attributes).sort(),
      specified: resourceSchemas(this.#type.name)?.attributes ?? [],
    }
  }
}

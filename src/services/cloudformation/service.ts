import type { Queue } from '../../queue/queue.ts'
import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import type { CallDoor } from '../door.ts'
import type { CallerFor, FunctionCaller } from './engine/doors.ts'
import { Engine, type StackLook } from './engine/engine.ts'
import { isNotificationsHandler } from './engine/notifications-handler.ts'
import { macroType } from './macros.ts'
import { prepareNested } from './nested.ts'
import { findResourceType } from './resource-types/registry.ts'
import type { ResourceType } from './resource-types/resource-type.ts'
import { resourceSchemas } from './schemas.ts'
import { sweepStacks } from './sweep.ts'

export interface CloudFormationOptions {
  readonly store: Store
  readonly clock: Clock
  readonly call: CallDoor
  readonly callerFor: CallerFor
  readonly functionCaller: FunctionCaller
  readonly queue: Queue<StackLook>
  /** What clients address this server by: `http://127.0.0.1:4566`. */
  readonly origin: () => string
  /** Other names of this server, as they stand in the URLs of templates. */
  readonly domains: readonly string[]
  /** The ARN of one of AWS's managed policies by its name. Provided by IAM. */
  readonly managedPolicyArn: (name: string) => string | undefined
  readonly onFailure: (error: unknown) => void
}

/**
 * AWS CloudFormation: templates, change sets and stacks. `server.ts` runs the worker of {@link engine} and routes the answers of custom
 * resources to its door.
 */
export class CloudFormation {
  readonly store: Store
  readonly clock: Clock
  readonly call: CallDoor
  readonly callerFor: CallerFor
  readonly engine: Engine
  readonly managedPolicyArn: (name: string) => string | undefined
  readonly #options: CloudFormationOptions
  readonly #macroType: ResourceType

  constructor(options: CloudFormationOptions) {
    const { store, clock, call, callerFor, functionCaller, queue, origin, onFailure } = options
    this.store = store
    this.clock = clock
    this.call = call
    this.callerFor = callerFor
    this.managedPolicyArn = options.managedPolicyArn
    this.#options = options
    this.#macroType = macroType(store)
    this.engine = new Engine({
      store,
      clock,
      queue,
      onFailure,
      call,
      callerFor,
      functionCaller,
      isNotificationsHandler,
      findResourceType: this.findType,
      schemas: resourceSchemas,
      prepareNested: (request) => prepareNested(this, request),
      origin,
    })
  }

  /** Undefined for types that the engine makes itself, and for those that are not supported. */
  readonly findType = (name: string): ResourceType | undefined =>
    name === this.#macroType.name ? this.#macroType : findResourceType(name)

  /** Removes what is kept of stacks that were deleted long ago. */
  readonly sweep = (signal: AbortSignal): Promise<void> => sweepStacks(this.store, this.clock.now(), signal)

  /** Names that mean this server in the URL of a template. `host`: as the caller addressed it. */
  ownHosts(host: string | undefined): readonly string[] {
    const { origin, domains } = this.#options
    const { port } = new URL(origin())
    const loopback = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)
    return [...(host === undefined ? [] : [host]), new URL(origin()).host, ...loopback, ...domains]
  }
}

import type { ResourcePolicyLookup } from '../../auth/doors.ts'
import type { BlobId, BlobStore } from '../../blobs/blobs.ts'
import type { Target } from '../../delivery/delivery.ts'
import type { Executor } from '../../execution/execution.ts'
import type { HttpInfo } from '../../protocol/operation.ts'
import type { Queue } from '../../queue/queue.ts'
import type { Clock } from '../../std/clock.ts'
import type { Store } from '../../store/store.ts'
import type { CallDoor } from '../door.ts'
import { asyncConfigOf } from './async-config.ts'
import { Catalog, type ResolvedFunction } from './catalog.ts'
import { CodeLinks } from './code/code-links.ts'
import { CodeStore } from './code/code-store.ts'
import type { DestinationService } from './destinations/destination.ts'
import { Destinations } from './destinations/destinations.ts'
import type { ParcelJob } from './destinations/parcel.ts'
import type { Authorize, CanAssume, CredentialsFor, IsPrincipal, OpenLog } from './doors.ts'
import { EventSources } from './event-sources/event-sources.ts'
import { ACCOUNT_CONCURRENCY, Concurrency } from './invoke/concurrency.ts'
import { ConcurrencyPeaks } from './invoke/concurrency-peaks.ts'
import { FunctionSpecs } from './invoke/function-spec.ts'
import type { Invocation } from './invoke/invocation.ts'
import { Invoker } from './invoke/invoker.ts'
import type { MetricSink } from './metrics.ts'
import { Provisioner } from './provisioned/provisioner.ts'
import { ResourcePolicies } from './resource-policies.ts'
import { mayAssume } from './role.ts'
import { accounts } from './tables.ts'
import { LambdaTarget } from './target.ts'

/** Services that are called with records and dead letters, after the commit that ends their event. */
const CALLED_DESTINATIONS: readonly DestinationService[] = ['s3', 'events']

export interface LambdaOptions {
  readonly store: Store
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly executor: Executor
  /** Accepted events: partition = function ARN. */
  readonly queue: Queue<Invocation>
  readonly call: CallDoor
  /** Directory for unpacked code; made when it is missing. */
  readonly codePath: string
  readonly credentialsFor: CredentialsFor
  readonly canAssume: CanAssume
  readonly isPrincipal: IsPrincipal
  readonly openLog: OpenLog
  readonly authorize: Authorize
  /** Where clients reach this server (`http://localhost:4566`), for addresses inside answers. */
  readonly origin: (http: HttpInfo | undefined) => string
  /** The address of a function URL, whose host begins so (`ID.lambda-url.REGION`). */
  readonly urlOf: (hostBegin: string, http: HttpInfo | undefined) => string
  /** Concurrent executions of the account; 1,000 unless told. */
  readonly accountConcurrency?: number
  /** Queued events running at one time, 64 unless told: more than there can be environments would only wait elsewhere. */
  readonly eventsInFlightMax?: number
  /** Records and dead letters on their way to services that are called. */
  readonly destinationQueue: Queue<ParcelJob>
  /** Services besides Lambda that take records and dead letters in our own commit. Asked on every use. */
  readonly destinationTargets?: () => readonly Target[]
  readonly onMetric?: MetricSink
  /** Told when a worker fails: our bug or a broken disk. */
  readonly onFailure: (error: unknown) => void
}

const EVENTS_IN_FLIGHT = 64

/**
 * AWS Lambda: functions, their permissions, and running them. Operations work with its parts; `server.ts` runs {@link invoker}, hands out
 * {@link target}, and asks {@link resourcePolicy}.
 */
export class Lambda {
  readonly store: Store
  readonly clock: Clock
  readonly executor: Executor
  readonly queue: Queue<Invocation>
  readonly call: CallDoor
  readonly canAssume: CanAssume
  readonly isPrincipal: IsPrincipal
  readonly credentialsFor: CredentialsFor
  readonly authorize: Authorize
  readonly onFailure: LambdaOptions['onFailure']
  readonly origin: LambdaOptions['origin']
  readonly urlOf: LambdaOptions['urlOf']
  readonly catalog: Catalog
  readonly code: CodeStore
  readonly links: CodeLinks
  readonly specs: FunctionSpecs
  readonly concurrency: Concurrency
  readonly policies: ResourcePolicies
  readonly onMetric: MetricSink
  readonly destinations: Destinations
  /** Pollers of queues; `server.ts` starts and stops them. */
  readonly eventSources: EventSources
  /** Keeper of provisioned environments; `server.ts` starts and stops it. */
  readonly provisioner: Provisioner
  /** Worker for queued events. */
  readonly invoker: Invoker
  /** Lambda as a destination of events. */
  readonly target: LambdaTarget

  constructor(options: LambdaOptions) {
    const { store, blobs, clock, executor, queue, codePath } = options
    this.store = store
    this.clock = clock
    this.executor = executor
    this.queue = queue
    this.call = options.call
    this.canAssume = options.canAssume
    this.isPrincipal = options.isPrincipal
    this.credentialsFor = options.credentialsFor
    this.authorize = options.authorize
    this.onFailure = options.onFailure
    this.origin = options.origin
    this.urlOf = options.urlOf
    this.eventSources = new EventSources(this)
    this.provisioner = new Provisioner(this)
    this.catalog = new Catalog(store)
    this.code = new CodeStore({ store, blobs, clock, path: codePath })
    this.links = new CodeLinks({ store, clock, code: this.code })
    this.specs = new FunctionSpecs({ ...options, code: this.code })
    this.onMetric = options.onMetric ?? (() => undefined)
    const peaks = new ConcurrencyPeaks(clock, this.onMetric)
    this.concurrency = new Concurrency(options.accountConcurrency ?? ACCOUNT_CONCURRENCY, peaks)
    this.policies = new ResourcePolicies(store)
    this.target = new LambdaTarget({ ...options, policies: this.policies, onMetric: this.onMetric })
    this.destinations = new Destinations({
      ...options,
      queue: options.destinationQueue,
      targetOf: (service) => {
        if (service === 'lambda') return this.target
        // A bus takes events of S3 and of other buses in their commit; a record it only takes by a call.
        if (CALLED_DESTINATIONS.includes(service)) return undefined
        return options.destinationTargets?.().find((target) => target.service === service)
      },
      callable: CALLED_DESTINATIONS,
      onMetric: this.onMetric,
    })
    this.invoker = new Invoker({
      store,
      clock,
      queue,
      executor,
      catalog: this.catalog,
      specs: this.specs,
      concurrency: this.concurrency,
      inFlightMax: options.eventsInFlightMax ?? EVENTS_IN_FLIGHT,
      reservedTotal: (resolved) => this.reservedTotal(resolved),
      asyncConfig: (resolved) => asyncConfigOf(store, resolved.ref),
      mayAssumeRole: ({ ref, config }) => mayAssume(this, config.roleArn, ref),
      destinations: this.destinations,
      onMetric: this.onMetric,
      onFailure: options.onFailure,
    })
  }

  /** For the authoriser: the policy a function's ARN carries. */
  readonly resourcePolicy: ResourcePolicyLookup = (arn) => this.policies.lookup(arn)

  /** For the blob sweep: blobs that must stay. */
  referencedBlobs(): AsyncIterable<BlobId> {
    return this.code.referencedBlobs()
  }

  /** What all functions of the account and region together have reserved. */
  async reservedTotal({ ref }: Pick<ResolvedFunction, 'ref'>): Promise<number> {
    const account = await accounts.get(this.store, [ref.accountId, ref.region])
    return account?.reservedConcurrency ?? 0
  }
}

import type { AccessDenied, ResourcePolicy, ResourcePolicyLookup } from '../../auth/doors.ts'
import type { BlobId, BlobStore } from '../../blobs/blobs.ts'
import type { DeliveryDoor } from '../../delivery/delivery.ts'
import type { Grant } from '../../protocol/operation.ts'
import type { Clock } from '../../std/clock.ts'
import { isLater, type Soon } from '../../std/soon.ts'
import type { Store } from '../../store/store.ts'
import type { CallDoor } from '../door.ts'
import { findAclPolicy } from './acl/find.ts'
import { ownershipOf } from './acl/rules.ts'
import { BodyStore } from './body-store.ts'
import { type Bucket, Buckets } from './buckets.ts'
import type { EventVersion } from './events.ts'
import { GarbageCollector, isBlobHeld } from './garbage.ts'
import { LifecycleWorker } from './lifecycle/worker.ts'
import { AccessLog } from './logging/access-log.ts'
import type { LoopWatch } from './notification/loop.ts'
import { RestoreWorker } from './restore/worker.ts'
import { Sequencer } from './sequencer.ts'

export interface S3Options {
  readonly store: Store
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly deliveries: DeliveryDoor
  /** Makes the refusal where an answer depends on a further permission: 403 instead of 404, one key of many. */
  readonly accessDenied: AccessDenied
  /** How access logs are written. */
  readonly call: CallDoor
  readonly eventVersion?: EventVersion
  /** What is done about rules whose function could make them match again; absent: nothing. */
  readonly loops?: LoopWatch
}

/**
 * Amazon S3: buckets, objects, uploads and notifications. Operations work with its parts; `server.ts` runs {@link collector}, lets
 * the sweep of blobs ask {@link isReferenced}, and the authoriser {@link resourcePolicy}.
 */
export class S3 {
  readonly store: Store
  readonly clock: Clock
  readonly deliveries: DeliveryDoor
  readonly accessDenied: AccessDenied
  readonly eventVersion: EventVersion
  readonly loops: LoopWatch | undefined
  readonly buckets: Buckets
  readonly bodies: BodyStore
  readonly sequencer: Sequencer
  /** Worker that frees what was overwritten and deleted. */
  readonly collector: GarbageCollector
  /** Worker that does what lifecycle rules ask for. */
  readonly lifecycle: LifecycleWorker
  /** Worker that ends what RestoreObject begins. */
  readonly restorer: RestoreWorker
  /** Worker that writes access logs; the pipeline tells it of requests. */
  readonly accessLog: AccessLog

  constructor(options: S3Options) {
    const { store, blobs, clock } = options
    this.store = store
    this.clock = clock
    this.deliveries = options.deliveries
    this.accessDenied = options.accessDenied
    this.eventVersion = options.eventVersion ?? '2.6'
    this.loops = options.loops
    this.buckets = new Buckets(store)
    this.bodies = new BodyStore(store, blobs)
    this.sequencer = new Sequencer(store)
    this.collector = new GarbageCollector({ store, blobs, bodies: this.bodies, clock })
    this.lifecycle = new LifecycleWorker(this)
    this.restorer = new RestoreWorker(this)
    this.accessLog = new AccessLog({ buckets: this.buckets, clock, call: options.call })
  }

  /** Does an object, part or copy hold this blob? */
  isReferenced(id: BlobId): Promise<boolean> {
    return isBlobHeld(this.store, id)
  }

  /** The policy of the bucket that an ARN of a bucket or object names. */
  readonly resourcePolicy: ResourcePolicyLookup = (resourceArn, grant) => {
    const name = bucketOf(resourceArn)
    const bucket = name === undefined ? undefined : this.buckets.findSoon(name)
    return isLater(bucket)
      ? bucket.then((bucket) => this.#policyOf(bucket, resourceArn, grant))
      : this.#policyOf(bucket, resourceArn, grant)
  }

  #policyOf(bucket: Bucket | undefined, resourceArn: string, grant: Grant | undefined): Soon<ResourcePolicy> {
    if (bucket === undefined) return NO_BUCKET
    const { policy, row } = bucket
    const found: ResourcePolicy = {
      policy: policy === undefined ? undefined : { name: `${ARN_PREFIX}${bucket.name}`, document: policy.document },
      accountId: row.accountId,
      isTrustPolicy: false,
      restrictPublic: row.publicAccessBlock?.restrictPublicBuckets ?? false,
    }
    if (grant === undefined || ownershipOf(row) === 'BucketOwnerEnforced') return found
    return findAclPolicy(this.store, bucket, grant).then((acl) =>
      acl === undefined ? found : { ...found, acl: { name: `ACL of ${resourceArn}`, document: acl } },
    )
  }
}

const ARN_PREFIX = 'arn:aws:s3:::'
const NO_BUCKET = { policy: undefined, accountId: undefined, isTrustPolicy: false } as const

function bucketOf(arn: string): string | undefined {
  if (!arn.startsWith(ARN_PREFIX)) return undefined
  const slash = arn.indexOf('/', ARN_PREFIX.length)
  return slash === -1 ? arn.slice(ARN_PREFIX.length) : arn.slice(ARN_PREFIX.length, slash)
}

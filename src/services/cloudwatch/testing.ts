import type { Caller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { OutputOf } from '../../protocol/operation.ts'
import { createPipeline } from '../../protocol/pipeline.ts'
import { loadService } from '../../protocol/services.ts'
import { ManualClock } from '../../std/clock.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { CloudWatchModel, Input } from './model.ts'
import { operations } from './operations.ts'
import { CloudWatch } from './service.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAROOTROOTROOTROOT' }

/** CloudWatch behind the real pipeline. */
export class CloudWatchTest {
  readonly clock = new ManualClock()
  readonly store = new MemoryStore()
  readonly failures: unknown[] = []
  readonly cloudwatch: CloudWatch
  readonly #pipeline

  constructor() {
    const onFailure = (error: unknown) => void this.failures.push(error)
    this.cloudwatch = new CloudWatch({ store: this.store, clock: this.clock, onFailure })
    this.#pipeline = createPipeline({
      accountId: ACCOUNT,
      region: REGION,
      clock: this.clock,
      endpoints: [
        {
          name: 'cloudwatch',
          protocol: loadService('cloudwatch'),
          signingName: 'monitoring',
          bodyBytesMax: 1024 * 1024,
          operations: operations as never,
          service: this.cloudwatch,
        },
      ],
      authenticate: () => Promise.reject(new Error('calls here come without a wire')),
      decide: async () => ({ allowed: true, reason: '', statements: [] }),
      accessDenied: () => new AwsError('AccessDenied', 403, ''),
      translate: () => undefined,
      onBug: onFailure,
    })
  }

  call<N extends string>(operation: N, input: Input<N>): Promise<OutputOf<CloudWatchModel, N>> {
    return this.#pipeline.call('cloudwatch', operation, input as object, ROOT) as Promise<OutputOf<CloudWatchModel, N>>
  }

  /** The refusal of a call: status, code and message. */
  async refusal<N extends string>(operation: N, input: Input<N>): Promise<string> {
    try {
      await this.call(operation, input)
    } catch (error) {
      if (error instanceof AwsError) return `${error.status} ${error.code}: ${error.message}`
      throw error
    }
    return 'no error'
  }

  /** A time so many seconds from now. */
  at(seconds: number): Date {
    return new Date(this.clock.now() + seconds * 1000)
  }
}

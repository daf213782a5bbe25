import { accessDenied } from '../../auth/access-denied.ts'
import { createAuthorizer } from '../../auth/authorize.ts'
import type { Caller, UserCaller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { OutputOf } from '../../protocol/operation.ts'
import { createPipeline } from '../../protocol/pipeline.ts'
import { loadService } from '../../protocol/services.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { ManualClock } from '../../std/clock.ts'
import { MasterKey } from '../../std/master-key.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { Input, SsmModel } from './model.ts'
import { operations } from './operations.ts'
import { Ssm } from './service.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const arn = (name: string) => `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${name}`
export const ROOT: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAROOTROOTROOTROOT' }
export const USER: UserCaller = {
  kind: 'user',
  accountId: ACCOUNT,
  accessKeyId: 'AKIAUSERUSERUSERUSER',
  userId: 'AIDAUSERUSERUSERUSER',
  userName: 'ada',
  arn: `arn:aws:iam::${ACCOUNT}:user/ada`,
}

type Output<N extends string> = OutputOf<SsmModel, N>

/** Parameter Store behind the real pipeline. */
export class SsmTest {
  readonly clock = new ManualClock()
  readonly store = new MemoryStore()
  readonly failures: unknown[] = []
  /** What {@link USER} may do: the statements of one policy. */
  statements: object[] = []
  readonly #pipeline

  constructor() {
    const { clock, store } = this
    const authorizer = createAuthorizer({
      accountId: ACCOUNT,
      identityPolicies: async () => ({
        identity: [
          {
            name: 'inline',
            document: parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: this.statements }), 'identity'),
          },
        ],
        boundary: undefined,
        session: [],
        tags: {},
      }),
      resourcePolicies: {},
    })
    this.#pipeline = createPipeline({
      accountId: ACCOUNT,
      region: REGION,
      clock,
      endpoints: [
        {
          name: 'ssm',
          protocol: loadService('ssm'),
          signingName: 'ssm',
          bodyBytesMax: 1024 * 1024,
          operations: operations as never,
          service: new Ssm({ store, clock, masterKey: new MasterKey(Buffer.alloc(32, 1)) }),
        },
      ],
      authenticate: () => Promise.reject(new Error('calls here come without a wire')),
      decide: (...question) => authorizer.decide(...question),
      accessDenied,
      translate: () => undefined,
      onBug: (error) => void this.failures.push(error),
    })
  }

  call<N extends string>(operation: N, input: Input<N>, as: Caller = ROOT): Promise<Output<N>> {
    return this.#pipeline.call('ssm', operation, input as object, as) as Promise<Output<N>>
  }

  /** The refusal of a call: status, code and message. */
  async refusal<N extends string>(operation: N, input: Input<N>, as: Caller = ROOT): Promise<string> {
    try {
      await this.call(operation, input, as)
    } catch (error) {
      if (error instanceof AwsError) return `${error.status} ${error.code}: ${error.message}`
      throw error
    }
    return 'no error'
  }

  put(Name: string, Value: string, more: Partial<Input<'PutParameter'>> = {}): Promise<Output<'PutParameter'>> {
    return this.call('PutParameter', { Name, Value, Type: 'String', ...more })
  }
}

import { accessDenied } from '../../auth/access-denied.ts'
import { createAuthorizer } from '../../auth/authorize.ts'
import type { Caller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { Decision, Grant, InputOf, OperationName, OutputOf } from '../../protocol/operation.ts'
import { createPipeline } from '../../protocol/pipeline.ts'
import { loadService } from '../../protocol/services.ts'
import { ManualClock } from '../../std/clock.ts'
import { MasterKey } from '../../std/master-key.ts'
import { MemoryStore } from '../../store/engines/memory.ts'
import type { CallDoor, ServiceModels } from '../door.ts'
import { operations as logsOperations } from '../logs/operations.ts'
import { Logs } from '../logs/service.ts'
import { operations as stsOperations } from '../sts/operations.ts'
import { Sts } from '../sts/service.ts'
import { operations as iamOperations } from './operations.ts'
import { Iam } from './service.ts'

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'
export const TRUST_LAMBDA = trustOf({ Service: 'lambda.amazonaws.com' })

export function trustOf(Principal: object, more: object = {}, Action: string | string[] = 'sts:AssumeRole'): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal, Action, ...more }] })
}

export function policyOf(
  Effect: 'Allow' | 'Deny',
  Action: string | string[],
  Resource: string | string[] = '*',
): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource }] })
}

type Services = Pick<ServiceModels, 'iam' | 'sts' | 'logs'>

/** An account with IAM, STS and Logs behind the real pipeline: authorised and validated, without the wire. */
export class Account {
  readonly clock = new ManualClock()
  readonly store: MemoryStore
  readonly iam: Iam
  readonly logs: Logs
  readonly failures: unknown[] = []
  readonly root: Caller = { kind: 'root', accountId: ACCOUNT, accessKeyId: 'AKIAROOTROOTROOTROOT' }
  readonly #pipeline
  readonly #authorizer

  constructor(store = new MemoryStore(), masterKey = new MasterKey(Buffer.alloc(32, 1))) {
    this.store = store
    this.iam = new Iam({ store, clock: this.clock, accountId: ACCOUNT, masterKey })
    this.#authorizer = createAuthorizer({
      accountId: ACCOUNT,
      identityPolicies: this.iam.identityPolicies,
      resourcePolicies: { sts: this.iam.trustPolicy },
    })
    const call = ((...args: Parameters<CallDoor>) => this.#pipeline.call(...args)) as CallDoor
    const onFailure = (error: unknown) => void this.failures.push(error)
    this.logs = new Logs({ store, clock: this.clock, accountId: ACCOUNT, region: REGION, call, onFailure })
    const endpoint = (name: 'iam' | 'sts' | 'logs', operations: object, service: unknown) => ({
      name,
      protocol: loadService(name),
      signingName: name,
      bodyBytesMax: 1024 * 1024,
      operations: operations as never,
      service,
    })
    this.#pipeline = createPipeline({
      accountId: ACCOUNT,
      region: REGION,
      clock: this.clock,
      endpoints: [
        endpoint('iam', iamOperations, this.iam),
        endpoint('sts', stsOperations, new Sts({ accountId: ACCOUNT, iam: this.iam })),
        endpoint('logs', logsOperations, this.logs),
      ],
      authenticate: () => Promise.reject(new Error('calls here come without a wire')),
      decide: (...question) => this.#authorizer.decide(...question),
      accessDenied,
      translate: () => undefined,
      onBug: onFailure,
    })
  }

  call<S extends keyof Services & string, N extends OperationName<Services[S]> & string>(
    service: S,
    operation: N,
    input: InputOf<Services[S], N>,
    as: Caller = this.root,
  ): Promise<OutputOf<Services[S], N>> {
    return this.#pipeline.call(service, operation, input as object, as) as Promise<OutputOf<Services[S], N>>
  }

  /** The refusal of a call: status, code and message. */
  async refusal<S extends keyof Services & string, N extends OperationName<Services[S]> & string>(
    service: S,
    operation: N,
    input: InputOf<Services[S], N>,
    as: Caller = this.root,
  ): Promise<string> {
    try {
      await this.call(service, operation, input, as)
    } catch (error) {
      if (error instanceof AwsError) return `${error.status} ${error.code}: ${error.message}`
      throw error
    }
    return 'no error'
  }

  decide(caller: Caller, grant: Grant): Promise<Decision> {
    return this.#authorizer.decide(caller, grant, undefined, this.clock.now(), REGION)
  }

  async may(caller: Caller, action: string, resource = '*'): Promise<boolean> {
    return (await this.decide(caller, { action, resource })).allowed
  }

  /** Whom these credentials stand for now; a problem instead of a caller when they do not work. */
  async caller(accessKeyId: string, sessionToken?: string): Promise<Caller> {
    const result = await this.iam.credentialLookup(accessKeyId, sessionToken)
    if (!result.ok) throw new Error(result.problem)
    return result.caller
  }

  /** A new user with an inline policy, as the caller its access key stands for. */
  async user(name: string, policy?: string): Promise<Caller> {
    await this.call('iam', 'CreateUser', { UserName: name })
    if (policy !== undefined) {
      await this.call('iam', 'PutUserPolicy', { UserName: name, PolicyName: 'inline', PolicyDocument: policy })
    }
    const { AccessKey } = await this.call('iam', 'CreateAccessKey', { UserName: name })
    return this.caller(AccessKey?.AccessKeyId as string)
  }

  async role(name: string, trust = TRUST_LAMBDA, policy?: string): Promise<string> {
    const { Role } = await this.call('iam', 'CreateRole', { RoleName: name, AssumeRolePolicyDocument: trust })
    if (policy !== undefined) {
      await this.call('iam', 'PutRolePolicy', { RoleName: name, PolicyName: 'inline', PolicyDocument: policy })
    }
    return Role?.Arn as string
  }
}

import type { Caller } from '../../../protocol/caller.ts'
import type { ResolvedParameters } from '../../../template/parameters.ts'
import type { PseudoParameters } from '../../../template/scope.ts'
import type { CallDoor } from '../../door.ts'

/** What transforms may look at, and as whom they read and call. */
export interface TransformContext {
  readonly call: CallDoor
  readonly caller: Caller
  readonly pseudo: PseudoParameters
  readonly parameters: ResolvedParameters
  readonly requestId: string
  /** Reads a piece of a template by its URL. Throws AwsError. */
  readonly readObject: (url: string) => Promise<string>
  /** The function behind a macro of the account; undefined when there is no macro of this name. */
  readonly findMacro: (name: string) => Promise<string | undefined>
  /** The ARN of a managed policy of AWS by its name. */
  readonly managedPolicyArn: (name: string) => string | undefined
}

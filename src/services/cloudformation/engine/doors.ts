import type { Caller } from '../../../protocol/caller.ts'
import type { ResourceSchemas } from '../../../template/schema.ts'
import type { TemplateObject } from '../../../template/template.ts'
import type { CallDoor } from '../../door.ts'
import type { ResourceType } from '../resource-types/resource-type.ts'
import type { RevisionRow, Tags } from '../tables.ts'

/**
 * The stack's role as a caller: assumed as `cloudformation.amazonaws.com`. Throws AwsError when the role does not exist or does not trust it.
 * Provided by IAM.
 */
export type CallerFor = (roleArn: string, stackId: string) => Promise<Caller>

/** The execution role of a function as a caller. Throws AwsError when the role does not exist or does not trust Lambda. Provided by IAM. */
export type FunctionCaller = (roleArn: string, functionArn: string) => Promise<Caller>

/** What the template of a nested stack is wanted for. */
export interface NestedRequest {
  readonly parentId: string
  /** `TemplateURL` of the resource. */
  readonly templateUrl: string
  /** `Parameters` of the resource: scalars are texts, lists are joined. */
  readonly parameters: Readonly<Record<string, string>>
  readonly stackName: string
  readonly stackId: string
  readonly tags: Tags
  readonly notificationArns: readonly string[]
  readonly capabilities: readonly string[]
  /** Who reads the template. */
  readonly caller: Caller
}

/** Reads, transforms and checks the template of a nested stack, as CreateStack does with one. Throws AwsError. Provided by the API. */
export type PrepareNested = (request: NestedRequest) => Promise<RevisionRow>

export interface EngineDoors {
  readonly call: CallDoor
  readonly callerFor: CallerFor
  readonly functionCaller: FunctionCaller
  /** Whether a function of these properties only puts notifications of buckets, so that it need not be run for that. */
  readonly isNotificationsHandler: (properties: TemplateObject) => boolean
  readonly findResourceType: (name: string) => ResourceType | undefined
  readonly schemas: ResourceSchemas
  readonly prepareNested: PrepareNested
  /** What the addresses that answers are sent to begin with: `http://127.0.0.1:4566`. */
  readonly origin: () => string
}

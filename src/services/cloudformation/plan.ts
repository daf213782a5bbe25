import type { Parameter, Tag } from '@aws-sdk/client-cloudformation'
import type { Call } from '../../protocol/operation.ts'
import { neededCapabilities, requireCapabilities } from './capabilities.ts'
import { type Comparison, compare } from './change-sets/compare.ts'
import { validationError } from './errors.ts'
import { type PreparedTemplate, prepareTemplate } from './prepare.ts'
import { actorOf, parameterInputs, readerOf, requireResourceTypes, tagsOf } from './request.ts'
import type { CloudFormation } from './service.ts'
import { previousParameters, revisionOf } from './stacks.ts'
import type { RevisionRow, StackRow } from './tables.ts'
import { templateText } from './template-source.ts'
import { refuseTypeChanges } from './type-changes.ts'

/** What CreateStack, UpdateStack and CreateChangeSet have in common. */
export interface PlanInput {
  readonly TemplateBody?: string | undefined
  readonly TemplateURL?: string | undefined
  readonly UsePreviousTemplate?: boolean | undefined
  readonly Parameters?: readonly Parameter[] | undefined
  readonly Capabilities?: readonly string[] | undefined
  readonly ResourceTypes?: readonly string[] | undefined
  readonly Tags?: readonly Tag[] | undefined
}

export interface PlanRequest {
  readonly stackId: string
  readonly stackName: string
  /** Undefined: a new one. */
  readonly stack: StackRow | undefined
  readonly roleArn: string | null
  /** The deployer will see what transforms made before it is deployed. */
  readonly isReviewed: boolean
}

/** What a stack is to become, and what that changes. */
export interface Plan {
  readonly prepared: PreparedTemplate
  readonly revision: RevisionRow
  readonly comparison: Comparison
}

/**
 * Works out a deployment without touching anything. Throws AwsError for what is wrong with the request, Refusal for what cannot be deployed.
 */
export async function plan(service: CloudFormation, call: Call, input: PlanInput, request: PlanRequest): Promise<Plan> {
  const { stack, stackId, stackName, roleArn } = request
  const caller = await actorOf(service, call, roleArn, stackId)
  const previous = stack && (await revisionOf(service.store, stack))
  const prepared = await prepareTemplate(service, {
    text: await textOf(service, call, input, previous),
    stackId,
    stackName,
    accountId: call.accountId,
    region: call.region,
    parameters: parameterInputs(input.Parameters),
    previous: previousParameters(previous),
    notificationArns: [],
    caller,
    requestId: call.requestId,
    ownHosts: service.ownHosts(call.http?.host),
  })
  if (stack !== undefined) await refuseTypeChanges(service.store, stackId, prepared.scope)
  const isUnseen = prepared.isExpanded && !request.isReviewed
  requireCapabilities(neededCapabilities(prepared.processed, isUnseen), input.Capabilities)
  const types = Object.values(prepared.processed.Resources).map(({ Type }) => Type)
  requireResourceTypes(types, input.ResourceTypes)
  // Tags that an update does not mention stay; an empty list removes them.
  const tags = input.Tags === undefined ? (stack?.tags ?? {}) : tagsOf(input.Tags)
  const { original, processed, parameters } = prepared
  const capabilities = [...(input.Capabilities ?? stack?.capabilities ?? [])]
  return {
    prepared,
    revision: { original, processed, parameters, tags, notificationArns: [], capabilities },
    comparison: await compare(service, stack, prepared.scope, {
      tags,
      reader: { ...readerOf(service, call), caller },
    }),
  }
}

async function textOf(
  service: CloudFormation,
  call: Call,
  input: PlanInput,
  previous: RevisionRow | undefined,
): Promise<string> {
  const text = await templateText(readerOf(service, call), input)
  if (input.UsePreviousTemplate === true) {
    if (text !== undefined) throw validationError('UsePreviousTemplate cannot be specified together with a template.')
    if (previous === undefined) throw validationError('There is no previous template to use.')
    return previous.original
  }
  if (text === undefined) throw validationError('Either Template URL or Template Body must be specified.')
  return text
}

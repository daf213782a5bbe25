import type { Caller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import { checkTemplate } from '../../template/check.ts'
import { resourceDependencies } from '../../template/dependencies.ts'
import { CircularDependencyError, deploymentOrder } from '../../template/deployment-order.ts'
import { evaluateOutputs, importsOf } from '../../template/outputs.ts'
import {
  type ParameterInput,
  type ResolvedParameters,
  resolveParameters,
  ssmNamesOf,
} from '../../template/parameters.ts'
import { readTemplate } from '../../template/read.ts'
import { evaluateRules } from '../../template/rules.ts'
import { createScope, type PseudoParameters, type Scope } from '../../template/scope.ts'
import { type Template, TemplateError } from '../../template/template.ts'
import { validationError } from './errors.ts'
import { importedValues } from './exports.ts'
import { macros } from './macros.ts'
import { hideSecretsInText, secretParameters } from './no-echo.ts'
import { Refusal } from './refusal.ts'
import type { CloudFormation } from './service.ts'
import { readSsmValues } from './ssm-values.ts'
import { refusalsOf } from './supported.ts'
import { locationOf, objectText, TEMPLATE_OBJECT_BYTES_MAX } from './template-source.ts'
import { declaredTransforms, expandTransforms } from './transforms/transforms.ts'

/** What is to be deployed, as it was asked for. */
export interface PrepareRequest {
  readonly text: string
  readonly stackId: string
  readonly stackName: string
  readonly accountId: string
  readonly region: string
  readonly parameters: readonly ParameterInput[]
  /** Texts of the parameters that the stack has. */
  readonly previous?: Readonly<Record<string, string>> | undefined
  readonly notificationArns: readonly string[]
  /** Who reads parameters and pieces of templates, and runs macros. */
  readonly caller: Caller
  readonly requestId: string
  readonly ownHosts: readonly string[]
}

export interface PreparedTemplate {
  readonly original: string
  /** After transforms. */
  readonly processed: Template
  readonly parameters: ResolvedParameters
  /** A transform had its hand in it. */
  readonly isExpanded: boolean
  readonly scope: Scope
}

/** What is known before any transform has run. */
interface ReadRequest {
  readonly template: Template
  readonly parameters: ResolvedParameters
  readonly transforms: readonly string[]
  readonly pseudo: PseudoParameters
}

/**
 * Everything between a request and a deployment, without touching anything: the template is read, its parameters get values, its transforms
 * run, its references are followed. Throws ValidationError for what is wrong with the request, {@link Refusal} for what cannot be deployed.
 */
export async function prepareTemplate(service: CloudFormation, request: PrepareRequest): Promise<PreparedTemplate> {
  const read = await readRequest(service, request)
  const isExpanded = read.transforms.length > 0
  // What macros made, nobody has read: then it is a reason to refuse, not a mistake in the request.
  return keepingSecrets(read.parameters, () =>
    isExpanded
      ? refusing(() => finish(service, request, read, isExpanded))
      : asking(() => finish(service, request, read, isExpanded)),
  )
}

/** Reasons are kept and shown to others: they do not tell the values of NoEcho parameters. */
async function keepingSecrets<T>(parameters: ResolvedParameters, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    const shown = (message: string) => hideSecretsInText(message, secretParameters(parameters))
    if (error instanceof Refusal) throw new Refusal(shown(error.message))
    if (error instanceof AwsError) throw new AwsError(error.code, error.status, shown(error.message), error.fields)
    throw error
  }
}

async function readRequest(service: CloudFormation, request: PrepareRequest): Promise<ReadRequest> {
  return asking(async () => {
    const { value, positionOf } = readTemplate(request.text)
    const template = checkTemplate(value, positionOf)
    const parameters = await parametersOf(service, request, template)
    const { accountId, region, stackName, stackId, notificationArns } = request
    const pseudo = {
      accountId,
      region,
      partition: 'aws',
      urlSuffix: 'amazonaws.com',
      stackName,
      stackId,
      notificationArns,
    }
    return { template, parameters, transforms: declaredTransforms(value), pseudo }
  })
}

async function finish(
  service: CloudFormation,
  request: PrepareRequest,
  { template, parameters: given, pseudo }: ReadRequest,
  isExpanded: boolean,
): Promise<PreparedTemplate> {
  const processed = isExpanded ? await expand(service, request, template, given, pseudo) : template
  // Transforms may add parameters that have defaults.
  const parameters = isExpanded ? await parametersOf(service, request, processed) : given
  const bare = createScope({ template: processed, parameters, pseudo })
  evaluateRules(bare)
  const imports = await importedValues(service.store, request, importsOf(bare))
  const scope = createScope({ template: processed, parameters, pseudo, imports })
  deploymentOrder(resourceDependencies(scope))
  const refusals = refusalsOf(scope, service.findType, template)
  if (refusals.length > 0) throw new Refusal(refusals.join('\n'))
  evaluateOutputs(scope)
  return { original: request.text, processed, parameters, isExpanded, scope }
}

async function parametersOf(service: CloudFormation, request: PrepareRequest, template: Template) {
  const { parameters, previous } = request
  const names = ssmNamesOf(template, parameters, previous)
  const ssmValues = names.length === 0 ? {} : await readSsmValues(service.call, request, names)
  return resolveParameters(template, parameters, { previous, ssmValues })
}

function expand(
  service: CloudFormation,
  request: PrepareRequest,
  template: Template,
  parameters: ResolvedParameters,
  pseudo: PseudoParameters,
): Promise<Template> {
  const { caller, region, accountId, requestId, ownHosts } = request
  const reader = { call: service.call, caller, region, ownHosts }
  return expandTransforms(
    {
      call: service.call,
      caller,
      pseudo,
      parameters,
      requestId,
      readObject: (url) => objectText(reader, locationOf(reader, url, 'Location'), TEMPLATE_OBJECT_BYTES_MAX),
      managedPolicyArn: service.managedPolicyArn,
      findMacro: async (name) => (await macros.get(service.store, [accountId, region, name]))?.functionName,
    },
    template,
  )
}

/** Mistakes in a template are its sender's. */
async function asking<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof TemplateError) throw validationError(messageOf(error))
    throw error
  }
}

async function refusing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof TemplateError) throw new Refusal(messageOf(error))
    throw error
  }
}

function messageOf(error: TemplateError): string {
  return error instanceof CircularDependencyError ? `${error.message}\n${error.explanation}` : error.message
}

import { accountGrants, stackGrants } from '../access.ts'
import { homeOf } from '../arn.ts'
import { stackWithIdNotFound, unsupportedMember, validationError } from '../errors.ts'
import type { CloudFormationOperation } from '../model.ts'
import { readerOf } from '../request.ts'
import { requireStack, revisionOf } from '../stacks.ts'
import { isNoEcho, parameterDeclarations, scalarText, summarize } from '../template-summary.ts'
import { templateText } from '../template-source.ts'

export const getTemplateSummary: CloudFormationOperation<'GetTemplateSummary'> = {
  authorize: (call, service) => stackGrants(call, service, 'GetTemplateSummary', call.input.StackName),
  async handle(call, service) {
    const { input } = call
    if (input.StackSetName !== undefined) throw unsupportedMember('StackSetName')
    const given = await templateText(readerOf(service, call), input)
    if ((given === undefined) === (input.StackName === undefined)) {
      throw validationError('Specify exactly one of StackName, TemplateBody and TemplateURL.')
    }
    const name = input.StackName
    const original =
      given ??
      (
        await revisionOf(
          service.store,
          await requireStack(service.store, homeOf(call), name ?? '', stackWithIdNotFound),
        )
      )?.original
    if (original === undefined) throw validationError(`Stack [${name}] has no template yet.`)
    const { template, transforms, version, capabilities } = summarize(original)
    const types = Object.values(template.Resources).map(({ Type }) => Type)
    return {
      Parameters: parameterDeclarations(template),
      Description: template.Description,
      Capabilities: [...capabilities.capabilities],
      CapabilitiesReason: capabilities.reason,
      ResourceTypes: [...new Set(types)],
      Version: version,
      Metadata: template.Metadata && JSON.stringify(template.Metadata),
      DeclaredTransforms: [...transforms],
    }
  },
}

export const validateTemplate: CloudFormationOperation<'ValidateTemplate'> = {
  authorize: () => accountGrants('ValidateTemplate'),
  async handle(call, service) {
    const given = await templateText(readerOf(service, call), call.input)
    if (given === undefined) throw validationError('Either Template URL or Template Body must be specified.')
    const { template, transforms, capabilities } = summarize(given)
    return {
      Parameters: Object.entries(template.Parameters ?? {}).map(([name, declared]) => ({
        ParameterKey: name,
        DefaultValue: scalarText(declared['Default']),
        NoEcho: isNoEcho(declared),
        Description: scalarText(declared['Description']),
      })),
      Description: template.Description,
      Capabilities: [...capabilities.capabilities],
      CapabilitiesReason: capabilities.reason,
      DeclaredTransforms: [...transforms],
    }
  },
}

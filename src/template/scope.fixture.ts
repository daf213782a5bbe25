import { checkTemplate } from './check.ts'
import type { ParameterInput, ParameterSources } from './parameters.ts'
import { resolveParameters } from './parameters.ts'
import { readTemplate } from './read.ts'
import type { KnownResource, PseudoParameters, Scope } from './scope.ts'
import { createScope } from './scope.ts'

export const PSEUDO: PseudoParameters = {
  accountId: '111122223333',
  region: 'eu-west-1',
  partition: 'aws',
  urlSuffix: 'amazonaws.com',
  stackName: 'shop',
  stackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1',
  notificationArns: ['arn:aws:sns:eu-west-1:111122223333:one', 'arn:aws:sns:eu-west-1:111122223333:two'],
}

export interface Given {
  readonly parameters?: Readonly<Record<string, string>>
  readonly sources?: ParameterSources
  readonly resources?: Readonly<Record<string, KnownResource>>
  readonly imports?: Readonly<Record<string, string>>
}

/** The scope of a template's text, with a resource `Any` where it has none. */
export function scopeOf(text: string, given: Given = {}): Scope {
  const written = text.includes('Resources:') ? text : `${text}\nResources: {Any: {Type: AWS::S3::Bucket}}`
  const template = checkTemplate(readTemplate(written).value)
  const inputs: ParameterInput[] = Object.entries(given.parameters ?? {}).map(([name, value]) => ({ name, value }))
  return createScope({
    template,
    parameters: resolveParameters(template, inputs, given.sources),
    pseudo: PSEUDO,
    imports: given.imports,
    resources: given.resources,
  })
}

import { transformSam } from '../../../template/sam/transform.ts'
import type { Template } from '../../../template/template.ts'
import type { TransformContext } from './context.ts'

export const SAM = 'AWS::Serverless-2016-10-31'

/** The transform `AWS::Serverless`: what a SAM template stands for. Throws SamError. */
export function expandSam(ctx: TransformContext, template: Template): Template {
  const parameters = Object.fromEntries(Object.values(ctx.parameters).map(({ name, value }) => [name, value]))
  const { region, partition } = ctx.pseudo
  return transformSam(template, { region, partition, parameters, managedPolicyArn: ctx.managedPolicyArn })
}

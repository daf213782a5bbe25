import type { Template } from '../template.ts'
import type { SamContext } from './context.ts'

/**
 * The CloudFormation template that a SAM template stands for: what AWS's `AWS::Serverless-2016-10-31` makes of it, without `Transform` and
 * `Globals`. Pure. Throws SamError with every reason when the template is wrong, or needs a service that Millrace does not have.
 */
export function transformSam(template: Template, context: SamContext): Template {
  throw new Error(`not transformed yet: ${typeof template} in ${context.region}`)
}

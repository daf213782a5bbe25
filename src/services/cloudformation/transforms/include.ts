import { readTemplate } from '../../../template/read.ts'
import { TemplateError, type TemplateObject } from '../../../template/template.ts'
import { Refusal } from '../refusal.ts'

export const INCLUDE = 'AWS::Include'

/**
 * The transform `AWS::Include`: what a piece of a template in a bucket says stands where the transform stood, beside its siblings.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-aws-include.html
 */
export async function include(
  siblings: TemplateObject,
  parameters: TemplateObject,
  readObject: (url: string) => Promise<string>,
): Promise<TemplateObject> {
  const { Location: location } = parameters
  if (typeof location !== 'string') throw failed('The location parameter is not an S3 location')
  let value: unknown
  try {
    value = readTemplate(await readObject(location)).value
  } catch (error) {
    if (error instanceof TemplateError) throw failed(error.message)
    throw error
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw failed('The specified S3 object’s content should be valid Yaml/JSON of names and values')
  }
  return { ...siblings, ...(value as TemplateObject) }
}

function failed(why: string): Refusal {
  return new Refusal(`Transform ${INCLUDE} failed with: ${why}.`)
}

import { type FunctionRef, parseFunctionArn } from './arn.ts'
import { Constraints } from './constraints.ts'
import { invalidParameterValue, noSuchResource } from './errors.ts'

const RESOURCE_PATTERN =
  'arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})'

/** The function of a tagging call. Throws for qualified ARNs and for kinds of resources that do not exist here. */
export function taggedFunction(arn: string): FunctionRef {
  new Constraints().length('resource', arn, 1, 256).pattern('resource', arn, RESOURCE_PATTERN).check()
  const ref = parseFunctionArn(arn)
  if (ref === undefined) throw noSuchResource()
  if (ref.qualifier !== undefined) {
    throw invalidParameterValue(
      'Tags on function aliases and versions are not supported. Please specify a function ARN.',
    )
  }
  return ref
}

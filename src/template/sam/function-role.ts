/** The role that a function gets when it names none. */
import { invalidResource } from './errors.ts'
import { rolePolicies } from './function-policies.ts'
import { choose, getAtt, IF_ARGUMENTS_REASON, ifArguments, isIf, isNoValue, not } from './intrinsics.ts'
import { isGiven, isObject, type JsonObject, objectOr, present } from './json.ts'
import { allow, assumeRolePolicy } from './policies.ts'
import { type Generated, generated, inherited } from './resource.ts'
import { samTags } from './tags.ts'
import { managedPolicy, type SamResource, type Transformation, withParameters } from './transformation.ts'

/** SAM spells the queue and the topic apart: `sqs:SendMessage`, `sns:Publish`. */
const DEAD_LETTER_ACTIONS: Readonly<Record<string, string>> = { SQS: 'sqs:SendMessage', SNS: 'sns:Publish' }

/** The role, whether or not the function will use it. `invokePolicies` are those of its destinations. */
export function functionRole(
  run: Transformation,
  { logicalId, properties, attributes }: SamResource,
  invokePolicies: readonly JsonObject[],
): Generated {
  const basic = isGiven(properties.DurableConfig)
    ? 'service-role/AWSLambdaBasicDurableExecutionRolePolicy'
    : 'service-role/AWSLambdaBasicExecutionRole'
  const tracing = run.context.partition === 'aws' ? 'AWSXrayWriteOnlyAccess' : 'AWSXRayDaemonWriteAccess'
  const managedArns = [
    managedPolicy(run, basic),
    ...(isTraced(run, properties) ? [managedPolicy(run, tracing)] : []),
    ...(isGiven(properties.VpcConfig) ? [managedPolicy(run, 'service-role/AWSLambdaVPCAccessExecutionRole')] : []),
  ]
  const own = { managedArns, inline: [...deadLetterPolicies(properties), ...invokePolicies] }
  const policies = rolePolicies(
    logicalId,
    properties.Policies,
    own,
    (name) => run.context.managedPolicyArn(name) ?? name,
  )
  return generated(
    `${logicalId}Role`,
    'AWS::IAM::Role',
    inherited(attributes),
    present({
      AssumeRolePolicyDocument: properties.AssumeRolePolicyDocument ?? assumeRolePolicy('lambda.amazonaws.com'),
      ManagedPolicyArns: policies.managedArns,
      Path: properties.RolePath,
      Policies: policies.inline.length === 0 ? undefined : policies.inline,
      PermissionsBoundary: properties.PermissionsBoundary,
      Tags: samTags(logicalId, properties.Tags),
    }),
  )
}

/**
 * Gives the function its role. The generated one is made only where `Role` is absent, or in the branch of a `Fn::If` that has no value: then
 * under the condition of that branch. Answers the role when the stack needs it.
 */
export function assignRole(run: Transformation, fn: Generated, role: Generated): Generated | undefined {
  const arn = getAtt(role.logicalId, 'Arn')
  const given = fn.properties.Role
  if (given === undefined || given === null) {
    fn.properties.Role = arn
    return role
  }
  if (!isIf(given)) return undefined
  const items = ifArguments(objectOr(withParameters(run, given))['Fn::If'])
  if (items === undefined) throw invalidResource(fn.logicalId, `Malformed 'Role' property: ${IF_ARGUMENTS_REASON}.`)
  const [condition, whenTrue, whenFalse] = items
  if (isNoValue(whenTrue) && isNoValue(whenFalse)) {
    fn.properties.Role = arn
    return role
  }
  if (isNoValue(whenTrue)) {
    fn.properties.Role = choose(condition, arn, whenFalse)
    role.attributes.Condition = condition
    return role
  }
  if (!isNoValue(whenFalse)) return undefined
  const negation = `NOT${String(condition)}`
  fn.properties.Role = choose(condition, whenTrue, arn)
  role.attributes.Condition = negation
  run.conditions[negation] = not(String(condition))
  return role
}

/** Adds what an event source needs to the role, once. */
export function addToRole(role: Generated, managedArn: string | undefined, inline: readonly JsonObject[]): void {
  const arns = Array.isArray(role.properties.ManagedPolicyArns) ? role.properties.ManagedPolicyArns : []
  if (managedArn !== undefined && !arns.includes(managedArn)) arns.push(managedArn)
  role.properties.ManagedPolicyArns = arns
  for (const policy of inline) {
    const policies = Array.isArray(role.properties.Policies) ? role.properties.Policies : []
    const isKnown = policies.some(
      (known) => JSON.stringify(objectOr(known).PolicyDocument) === JSON.stringify(policy.PolicyDocument),
    )
    if (!isKnown) policies.push(policy)
    role.properties.Policies = policies
  }
}

/** `Tracing: Disabled` is the same as no tracing. */
export function isTraced(run: Transformation, properties: JsonObject): boolean {
  return isGiven(properties.Tracing) && withParameters(run, properties.Tracing) !== 'Disabled'
}

function deadLetterPolicies({ DeadLetterQueue: queue }: JsonObject): JsonObject[] {
  if (!isGiven(queue) || !isObject(queue)) return []
  const { Type: type, TargetArn: arn } = queue
  const statement = allow(DEAD_LETTER_ACTIONS[String(type)] ?? null, arn ?? null)
  return [{ PolicyName: 'DeadLetterQueuePolicy', PolicyDocument: { Version: '2012-10-17', Statement: [statement] } }]
}

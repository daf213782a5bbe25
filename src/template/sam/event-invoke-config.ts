/** `EventInvokeConfig`: retries and destinations of asynchronous invocations, with the queues and topics that nobody named. */
import { invalidResource, shown } from './errors.ts'
import { choose, getAtt, IF_ARGUMENTS_REASON, ifArguments, isIf, isNoValue, not, ref } from './intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, objectOr, present } from './json.ts'
import { hashedId } from './logical-id.ts'
import { invokePolicy, publishPolicy, putEventsPolicy, putObjectPolicy, sendMessagePolicy } from './policies.ts'
import type { Publication } from './function-version.ts'
import { type Generated, generated, inherited } from './resource.ts'
import { type SamResource, type Transformation, withParameters } from './transformation.ts'
import { wrongType } from './value-types.ts'

const TYPES = ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']
const POLICIES: Readonly<Record<string, (arn: Json, logicalId: string) => JsonObject>> = {
  SQS: sendMessagePolicy,
  SNS: publishPolicy,
  EventBridge: putEventsPolicy,
  Lambda: invokePolicy,
  S3Bucket: putObjectPolicy,
}

export interface InvokeConfiguration {
  readonly resources: readonly Generated[]
  /** What lets the function's role send outcomes to their destinations. */
  readonly policies: readonly JsonObject[]
}

export function eventInvokeConfig(
  run: Transformation,
  resource: SamResource,
  publication: Publication | undefined,
): InvokeConfiguration {
  const { logicalId, properties, attributes } = resource
  const given = properties.EventInvokeConfig
  if (!isGiven(given) || !isObject(given)) return { resources: [], policies: [] }
  const config = objectOr(withParameters(run, given))
  const resources: Generated[] = []
  const policies: JsonObject[] = []
  const destinations: JsonObject = {}
  const wanted = config.DestinationConfig
  if (isGiven(wanted) && !isObject(wanted)) throw wrongType(logicalId, 'EventInvokeConfig.DestinationConfig', 'map')
  for (const outcome of ['OnSuccess', 'OnFailure']) {
    const destination = objectOr(wanted)[outcome]
    if (destination === undefined || destination === null) continue
    if (!isObject(destination)) throw wrongType(logicalId, `EventInvokeConfig.DestinationConfig.${outcome}`, 'map')
    const made = makeDestination(run, resource, destination, `${logicalId}EventInvokeConfig`, outcome)
    destinations[outcome] = { Destination: made.arn }
    // Functions that share this configuration through Globals share the destination too.
    destination.Destination = made.arn
    if (made.resource !== undefined) resources.push(made.resource)
    policies.push(made.policy)
  }
  resources.push(
    generated(
      `${logicalId}EventInvokeConfig`,
      'AWS::Lambda::EventInvokeConfig',
      attributes,
      present({
        FunctionName: ref(logicalId),
        Qualifier: publication?.aliasName ?? '$LATEST',
        DestinationConfig: destinations,
        MaximumEventAgeInSeconds: config.MaximumEventAgeInSeconds,
        MaximumRetryAttempts: config.MaximumRetryAttempts,
      }),
      publication === undefined ? undefined : [publication.alias.logicalId],
    ),
  )
  return { resources, policies }
}

interface Destination {
  readonly arn: Json
  readonly resource: Generated | undefined
  readonly policy: JsonObject
}

function makeDestination(
  run: Transformation,
  { logicalId, attributes }: SamResource,
  destination: JsonObject,
  configId: string,
  outcome: string,
): Destination {
  const { Type: type, Destination: arn } = destination
  const policyFor = typeof type === 'string' && Object.hasOwn(POLICIES, type) ? POLICIES[type] : undefined
  if (policyFor === undefined) {
    throw invalidResource(logicalId, `'Type: ${shown(type)}' must be one of ${shown(TYPES)}`)
  }
  const id = configId + outcome
  const isAbsent = arn === undefined || arn === null
  const made = isAbsent ? undefined : conditionToMake(run, configId, arn)
  if (!isAbsent && made === undefined) return { arn, resource: undefined, policy: policyFor(arn, id) }
  if (type !== 'SQS' && type !== 'SNS')
    throw invalidResource(logicalId, "Destination is required if Type is not ['SQS', 'SNS']")
  const given = inherited(attributes)
  const condition = both(run, logicalId, given.Condition, made?.condition)
  const resource = generated(
    id + (type === 'SQS' ? 'Queue' : 'Topic'),
    type === 'SQS' ? 'AWS::SQS::Queue' : 'AWS::SNS::Topic',
    condition === undefined ? given : { ...given, Condition: condition },
    {},
  )
  const ownArn = type === 'SQS' ? getAtt(resource.logicalId, 'Arn') : ref(resource.logicalId)
  const either = made === undefined ? ownArn : choose(made.condition, ownArn, made.otherwise)
  return { arn: either, resource, policy: policyFor(either, id) }
}

/** `!If [Condition, !Ref AWS::NoValue, arn]` and its mirror: make the queue or topic only when no ARN is given. */
function conditionToMake(
  run: Transformation,
  configId: string,
  arn: Json,
): { condition: string; otherwise: Json } | undefined {
  if (!isIf(arn)) return undefined
  const items = ifArguments(arn['Fn::If'])
  if (items === undefined) throw invalidResource(configId, `Malformed 'Destination' property: ${IF_ARGUMENTS_REASON}.`)
  const [condition, whenTrue, whenFalse] = items
  if (typeof condition !== 'string' || isNoValue(whenTrue) === isNoValue(whenFalse)) return undefined
  if (isNoValue(whenTrue)) return { condition, otherwise: whenFalse }
  const negation = hashedId(`NOT${condition}`, configId)
  run.conditions[negation] = not(condition)
  return { condition: negation, otherwise: whenTrue }
}

function both(
  run: Transformation,
  logicalId: string,
  ofFunction: Json | undefined,
  ofDestination: string | undefined,
): Json | undefined {
  if (typeof ofFunction !== 'string') return ofDestination
  if (ofDestination === undefined) return ofFunction
  const name = hashedId(`${ofFunction}AND${ofDestination}`, logicalId)
  // The doubled `Condition` is what AWS's transform writes.
  run.conditions[name] = {
    'Fn::And': [{ Condition: { Condition: ofFunction } }, { Condition: { Condition: ofDestination } }],
  }
  return name
}

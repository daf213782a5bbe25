/** Event source mappings: SQS here, and in distant-mappings.ts the sources of services that Millrace does not have. */
import { EventMistake } from '../errors.ts'
import { addToRole } from '../function-role.ts'
import { isIntrinsic } from '../intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, present } from '../json.ts'
import { publishPolicy, putObjectPolicy, sendMessagePolicy } from '../policies.ts'
import { type Generated, generated } from '../resource.ts'
import { managedPolicy, type Transformation } from '../transformation.ts'
import { anything, boolean, integer, list, map, type PropertyTypes, required, string } from '../value-types.ts'
import type { EventType, FunctionEvent } from './event.ts'

/** Properties of every event type that becomes a mapping. */
export const MAPPING_TYPES: PropertyTypes = {
  BatchSize: integer,
  StartingPosition: anything,
  StartingPositionTimestamp: anything,
  Enabled: boolean,
  MaximumBatchingWindowInSeconds: integer,
  MaximumRetryAttempts: integer,
  BisectBatchOnFunctionError: boolean,
  MaximumRecordAgeInSeconds: integer,
  DestinationConfig: map,
  ParallelizationFactor: integer,
  Topics: list,
  Queues: list,
  SourceAccessConfigurations: list,
  SecretsManagerKmsKeyId: string,
  TumblingWindowInSeconds: integer,
  FunctionResponseTypes: list,
  KafkaBootstrapServers: list,
  FilterCriteria: map,
  KmsKeyArn: anything,
  ConsumerGroupId: string,
  ScalingConfig: map,
  ProvisionedPollerConfig: map,
  SchemaRegistryConfig: map,
  MetricsConfig: map,
  LoggingConfig: map,
}

/** Of those that read a stream from some position on. */
export const STREAM_TYPES: PropertyTypes = {
  ...MAPPING_TYPES,
  Stream: required(anything),
  StartingPosition: required(anything),
}

const SAME_IN_LAMBDA = [
  'StartingPosition',
  'StartingPositionTimestamp',
  'BatchSize',
  'Enabled',
  'MaximumBatchingWindowInSeconds',
  'MaximumRetryAttempts',
  'BisectBatchOnFunctionError',
  'MaximumRecordAgeInSeconds',
  'ParallelizationFactor',
  'Topics',
  'Queues',
  'SourceAccessConfigurations',
  'TumblingWindowInSeconds',
  'FunctionResponseTypes',
  'FilterCriteria',
  'KmsKeyArn',
  'ScalingConfig',
  'ProvisionedPollerConfig',
  'MetricsConfig',
  'LoggingConfig',
]
const FAILURE_POLICIES: Readonly<Record<string, ((arn: Json, logicalId: string) => JsonObject) | undefined>> = {
  SQS: sendMessagePolicy,
  SNS: publishPolicy,
  S3: putObjectPolicy,
  // Kafka's own access rules decide; IAM has no say.
  Kafka: undefined,
}

/** What differs between sources. */
export interface MappingSource {
  readonly sourceArn: Json | undefined
  /** The managed policy that lets a function read the source, by name. */
  readonly managedPolicyName?: string
  /** Inline policies for the same. */
  readonly inline?: readonly JsonObject[]
  /** Properties of the mapping that only this source has. */
  readonly extra?: JsonObject
}

export const sqs: EventType = {
  properties: { ...MAPPING_TYPES, Queue: required(anything) },
  resources: (run, event) => [queueMapping(run, event)],
}

/** The mapping of a queue; `event.properties.Queue` is its ARN. */
export function queueMapping(run: Transformation, event: FunctionEvent): Generated {
  return mapping(run, event, {
    sourceArn: event.properties.Queue,
    managedPolicyName: 'service-role/AWSLambdaSQSQueueExecutionRole',
    extra: withoutConsumerGroup(event, 'SQS'),
  })
}

/** The mapping, after what it needs was added to the function's role. Throws EventMistake. */
export function mapping(run: Transformation, event: FunctionEvent, source: MappingSource): Generated {
  const { logicalId, properties, invoked, role, inherited } = event
  checkFilter(event)
  const [destinationConfig, failurePolicies] = failureDestination(logicalId, properties.DestinationConfig)
  const managed = source.managedPolicyName === undefined ? undefined : managedPolicy(run, source.managedPolicyName)
  addToRole(role, managed, [...(source.inline ?? []), ...failurePolicies])
  const { KafkaBootstrapServers: servers } = properties
  return generated(
    logicalId,
    'AWS::Lambda::EventSourceMapping',
    inherited,
    present({
      ...Object.fromEntries(SAME_IN_LAMBDA.map((name) => [name, properties[name]])),
      FunctionName: invoked.name,
      EventSourceArn: source.sourceArn,
      SelfManagedEventSource: isGiven(servers) ? { Endpoints: { KafkaBootstrapServers: servers } } : undefined,
      DestinationConfig: destinationConfig,
      ...source.extra,
    }),
  )
}

/** Only Kafka has consumer groups. */
export function withoutConsumerGroup({ logicalId, properties }: FunctionEvent, type: string): JsonObject {
  if (isGiven(properties.ConsumerGroupId))
    throw new EventMistake(logicalId, `Property ConsumerGroupId not defined for resource of type ${type}.`)
  return {}
}

function checkFilter({ name, properties: { FilterCriteria: criteria } }: FunctionEvent): void {
  if (!isGiven(criteria) || !isObject(criteria) || isIntrinsic(criteria)) return
  const [first, second] = Object.keys(criteria)
  if (first !== 'Filters' || second !== undefined)
    throw new EventMistake(name, 'FilterCriteria field has a wrong format')
}

/** The destination as Lambda takes it, and the policy for its `Type`, which is SAM's alone. */
function failureDestination(logicalId: string, config: Json | undefined): [Json | undefined, JsonObject[]] {
  if (!isGiven(config) || !isObject(config)) return [undefined, []]
  const { OnFailure: failure } = config
  if (!isObject(failure)) throw new EventMistake(logicalId, "Property 'DestinationConfig.OnFailure' should be a map.")
  const { Type: type, ...rest } = failure
  if (!isGiven(type)) return [config, []]
  if (typeof type !== 'string' || !Object.hasOwn(FAILURE_POLICIES, type))
    throw new EventMistake(logicalId, "The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'")
  const policy = FAILURE_POLICIES[type]?.(rest.Destination ?? null, logicalId)
  return [{ ...config, OnFailure: rest }, policy === undefined ? [] : [policy]]
}

/** Topics of Kafka, Amazon's or one's own. */
import { EventMistake } from '../errors.ts'
import { isIntrinsic, sub } from '../intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject } from '../json.ts'
import { allow, inlinePolicy } from '../policies.ts'
import { type ParameterValues, resolveParameters } from '../references.ts'
import type { EventType, FunctionEvent } from './event.ts'
import { MAPPING_TYPES, mapping, STREAM_TYPES } from './mapping.ts'
import { decryption, joinNetwork, readSecret } from './mapping-policies.ts'

const KAFKA_AUTHENTICATIONS = [
  'SASL_SCRAM_256_AUTH',
  'SASL_SCRAM_512_AUTH',
  'BASIC_AUTH',
  'CLIENT_CERTIFICATE_TLS_AUTH',
]

export const kafka: EventType = {
  properties: STREAM_TYPES,
  resources(run, event) {
    const { SourceAccessConfigurations: access } = event.properties
    const certificates = (Array.isArray(access) ? access : []).flatMap((one) =>
      isObject(one) && one.Type === 'CLIENT_CERTIFICATE_TLS_AUTH' && isGiven(one.URI) ? [readSecret(one.URI)] : [],
    )
    const statements = [...registryStatements(event, run.parameters), ...certificates]
    return [
      mapping(run, event, {
        sourceArn: event.properties.Stream,
        managedPolicyName: 'service-role/AWSLambdaMSKExecutionRole',
        inline: statements.length === 0 ? [] : [inlinePolicy('MSKExecutionRolePolicy', statements)],
        extra: kafkaConfig(event, 'AmazonManagedKafkaEventSourceConfig'),
      }),
    ]
  },
}

export const selfManagedKafka: EventType = {
  properties: MAPPING_TYPES,
  resources(run, event) {
    const policy = {
      PolicyDocument: { Statement: selfManagedStatements(event, run.parameters), Version: '2012-10-17' },
      PolicyName: 'SelfManagedKafkaExecutionRolePolicy',
    }
    const extra = kafkaConfig(event, 'SelfManagedKafkaEventSourceConfig')
    return [mapping(run, event, { sourceArn: undefined, inline: [policy], extra })]
  },
}

function kafkaConfig({ properties }: FunctionEvent, name: string): JsonObject {
  const { ConsumerGroupId: group, SchemaRegistryConfig: registry } = properties
  if (!isGiven(group) && !isGiven(registry)) return {}
  return {
    [name]: {
      ...(isGiven(group) ? { ConsumerGroupId: group } : {}),
      ...(isGiven(registry) ? { SchemaRegistryConfig: registry } : {}),
    },
  }
}

function selfManagedStatements(event: FunctionEvent, parameters: ParameterValues): JsonObject[] {
  const { name, properties } = event
  const { KafkaBootstrapServers: servers, Topics: topics, SourceAccessConfigurations: access } = properties
  if (!isGiven(servers))
    throw new EventMistake(name, 'No KafkaBootstrapServers provided for self managed kafka as an event source')
  if (!isGiven(topics)) throw new EventMistake(name, 'No Topics provided for self managed kafka as an event source')
  if (!isIntrinsic(topics) && !(Array.isArray(topics) && topics.length === 1))
    throw new EventMistake(name, 'Topics for self managed kafka only supports single configuration entry.')
  if (!isGiven(access))
    throw new EventMistake(name, 'No SourceAccessConfigurations for self managed kafka event provided.')
  if (!Array.isArray(access))
    throw new EventMistake(name, 'SourceAccessConfigurations for self managed kafka event should be a list.')
  return [
    ...accessStatements(name, access),
    ...decryption(event, ['kms:Decrypt']),
    ...registryStatements(event, parameters),
  ]
}

function accessStatements(name: string, access: readonly Json[]): JsonObject[] {
  const found = new Map<string, Json>()
  for (const one of access) {
    if (!isObject(one)) throw new EventMistake(name, "Property 'SourceAccessConfigurations' should be a map.")
    const typeName = String(one.Type)
    const isAuthentication = KAFKA_AUTHENTICATIONS.includes(typeName)
    if (!isAuthentication && !['VPC_SUBNET', 'VPC_SECURITY_GROUP', 'SERVER_ROOT_CA_CERTIFICATE'].includes(typeName))
      throw new EventMistake(name, 'Invalid SourceAccessConfigurations Type provided for self managed kafka event.')
    const kind = isAuthentication ? 'auth mechanism' : typeName
    if (isAuthentication && found.has(kind))
      throw new EventMistake(
        name,
        'Multiple auth mechanism properties specified in SourceAccessConfigurations for self managed kafka event.',
      )
    const { URI: uri } = one
    const where = `${kind} URI property specified in SourceAccessConfigurations for self managed kafka event.`
    if (!isGiven(uri)) throw new EventMistake(name, `No ${where}`)
    if (typeof uri !== 'string' && !isIntrinsic(uri)) throw new EventMistake(name, `Wrong Type for ${where}`)
    found.set(kind, uri)
  }
  if (found.has('VPC_SUBNET') !== found.has('VPC_SECURITY_GROUP'))
    throw new EventMistake(
      name,
      'VPC_SUBNET and VPC_SECURITY_GROUP in SourceAccessConfigurations for SelfManagedKafka must be both provided.',
    )
  const authentication = found.get('auth mechanism')
  return [
    ...(authentication === undefined ? [] : [readSecret(authentication)]),
    // AWS's transform names the authentication's secret here too, not the certificate's.
    ...(found.has('SERVER_ROOT_CA_CERTIFICATE') ? [readSecret(authentication ?? null)] : []),
    ...(found.has('VPC_SUBNET') ? [joinNetwork()] : []),
  ]
}

function registryStatements({ name, properties }: FunctionEvent, parameters: ParameterValues): JsonObject[] {
  const { SchemaRegistryConfig: config } = properties
  if (!isGiven(config)) return []
  if (!isObject(config)) throw new EventMistake(name, "Property 'SchemaRegistryConfig' should be a map.")
  for (const field of ['SchemaRegistryURI', 'EventRecordFormat', 'SchemaValidationConfigs'])
    if (!Object.hasOwn(config, field))
      throw new EventMistake(name, `Missing required field ${field} in SchemaRegistryConfig`)
  const { SchemaRegistryURI: uri = null, EventRecordFormat: format, SchemaValidationConfigs: validations } = config
  if (format !== 'JSON' && format !== 'SOURCE')
    throw new EventMistake(name, "EventRecordFormat in SchemaRegistryConfig must be either 'JSON' or 'SOURCE'")
  if (!Array.isArray(validations)) throw new EventMistake(name, 'SchemaValidationConfigs must be a list')
  const access = config.AccessConfigs ?? []
  if (!Array.isArray(access)) throw new EventMistake(name, 'AccessConfigs in SchemaRegistryConfig must be a list')
  const secrets = access.map((one) => {
    if (!isObject(one) || one.URI === undefined || one.Type === undefined)
      throw new EventMistake(name, "Each AccessConfig must be a dict with 'Type' and 'URI' fields")
    return readSecret(one.URI)
  })
  const resolved = isObject(uri) ? (resolveParameters({ ...uri }, parameters) as JsonObject)['Fn::Sub'] : uri
  const registry = typeof resolved === 'string' ? /^arn(?::[^:]*){4}:registry\/([^:]*)/.exec(resolved)?.[1] : undefined
  if (registry === undefined) return secrets
  const schemas = `arn:\${AWS::Partition}:glue:\${AWS::Region}:\${AWS::AccountId}:schema/${registry}/*`
  return [...secrets, allow(['glue:GetRegistry'], uri), allow(['glue:GetSchemaVersion'], [sub(schemas)])]
}

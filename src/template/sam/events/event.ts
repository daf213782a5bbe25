/** `Events` of a function: each becomes what connects its source to the function. */
import { EventMistake, invalidResource, type SamMistake, shown } from '../errors.ts'
import { byCodePoint, isObject, type Json, type JsonObject, objectOr } from '../json.ts'
import type { Generated, Invoked } from '../resource.ts'
import type { Transformation } from '../transformation.ts'
import { checkLogicalId, checkProperties, type PropertyTypes } from '../value-types.ts'
import { alexaSkill, cognito, iotRule } from './distant.ts'
import { logs } from './logs.ts'
import { documentDb, dynamoDb, kinesis, messageQueue } from './distant-mappings.ts'
import { kafka, selfManagedKafka } from './kafka.ts'
import { sqs } from './mapping.ts'
import { eventRule, schedule } from './rule.ts'
import { bucketEvent } from './s3.ts'
import { scheduler } from './scheduler.ts'
import { topicEvent } from './sns.ts'

/** One event of a function. */
export interface FunctionEvent {
  /** The function's logical id and the event's name: what its resources are named after. */
  readonly logicalId: string
  readonly name: string
  readonly properties: JsonObject
  readonly invoked: Invoked
  /** The function's own role, which event sources may add to; it may be one that the stack will not have. */
  readonly role: Generated
  /** Condition and policies of the function, for everything made for it. */
  readonly inherited: JsonObject
}

export interface EventType {
  readonly properties: PropertyTypes
  /** Looks at what can be wrong before the function itself is transformed. */
  check?(run: Transformation, event: Pick<FunctionEvent, 'name' | 'logicalId' | 'properties'>): void
  resources(run: Transformation, event: FunctionEvent): Generated[]
}

const EVENT_TYPES: ReadonlyMap<string, EventType> = new Map([
  ['S3', bucketEvent],
  ['SNS', topicEvent],
  ['SQS', sqs],
  ['Schedule', schedule],
  ['ScheduleV2', scheduler],
  ['CloudWatchEvent', eventRule],
  ['EventBridgeRule', eventRule],
  ['CloudWatchLogs', logs],
  ['Kinesis', kinesis],
  ['DynamoDB', dynamoDb],
  ['MSK', kafka],
  ['MQ', messageQueue],
  ['SelfManagedKafka', selfManagedKafka],
  ['DocumentDB', documentDb],
  ['AlexaSkill', alexaSkill],
  ['IoTRule', iotRule],
  ['Cognito', cognito],
])
/** SAM makes an API of these, which no engine here could deploy. */
const NEEDS_API_GATEWAY = new Set(['Api', 'HttpApi'])

/** Throws for the first event whose type or properties are wrong. */
export function checkEvents(run: Transformation, logicalId: string, events: Json | undefined): void {
  if (!isObject(events)) return
  for (const [name, event] of Object.entries(events)) {
    const [type, properties] = readEvent(logicalId, name, event)
    try {
      type.check?.(run, { name, logicalId: logicalId + name, properties })
    } catch (error) {
      throw ofFunction(logicalId, error)
    }
  }
}

/** One mistake for every event that needs a service that Millrace does not have, and the events that remain. */
export function withoutUnsupported(logicalId: string, events: Json | undefined): [SamMistake[], Json | undefined] {
  if (!isObject(events)) return [[], events]
  const entries = Object.entries(events)
  const mistakes = entries
    .filter(isUnsupported)
    .map(([name, event]) =>
      invalidResource(
        logicalId,
        `Event with id [${name}] is invalid. Events of type ${typeOf(event)} need Amazon API Gateway, which Millrace does not have. Use a FunctionUrlConfig to call the function over HTTP.`,
      ),
    )
  return [mistakes, Object.fromEntries(entries.filter((entry) => !isUnsupported(entry)))]
}

interface FunctionEvents {
  readonly logicalId: string
  readonly events: Json | undefined
  readonly invoked: Invoked
  readonly role: Generated
  readonly inherited: JsonObject
}

/** What all events of a function become, in the order of their names. */
export function eventResources(run: Transformation, { logicalId, events, ...shared }: FunctionEvents): Generated[] {
  const entries = Object.entries(objectOr(events)).toSorted(([a], [b]) => byCodePoint(a, b))
  return entries.flatMap(([name, event]) => {
    const [type, properties] = readEvent(logicalId, name, event)
    try {
      return type.resources(run, { ...shared, logicalId: logicalId + name, name, properties })
    } catch (error) {
      throw ofFunction(logicalId, error)
    }
  })
}

function readEvent(functionId: string, name: string, event: Json): [EventType, JsonObject] {
  if (!isObject(event)) throw ofFunction(functionId, new EventMistake(name, 'It should be a map.'))
  const { Type: typeName } = event
  const type = typeof typeName === 'string' ? EVENT_TYPES.get(typeName) : undefined
  if (type === undefined) {
    throw ofFunction(
      functionId,
      new EventMistake(
        name,
        `Resource dict has missing or invalid value for key Type. Event Type is: ${shown(typeName)}.`,
      ),
    )
  }
  const logicalId = functionId + name
  checkLogicalId(logicalId)
  const properties = event.Properties ?? {}
  if (!isObject(properties)) throw invalidResource(logicalId, 'Properties of a resource must be an object.')
  checkProperties(logicalId, String(typeName), properties, type.properties)
  return [type, properties]
}

function ofFunction(functionId: string, error: unknown): unknown {
  return error instanceof EventMistake ? invalidResource(functionId, error.message) : error
}

function typeOf(event: Json): string {
  return String(objectOr(event).Type)
}

function isUnsupported([, event]: [string, Json]): boolean {
  return NEEDS_API_GATEWAY.has(typeOf(event))
}

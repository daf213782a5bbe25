/** Rules of EventBridge: on a schedule, or for events that match a pattern. */
import { EventMistake } from '../errors.ts'
import { getAtt, ref } from '../intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, objectOr, present } from '../json.ts'
import { queuePolicyFor } from '../policies.ts'
import { type Generated, generated } from '../resource.ts'
import { boolean, map, required, string } from '../value-types.ts'
import { deadLetters } from './dead-letters.ts'
import type { EventType, FunctionEvent } from './event.ts'
import { permission } from './permission.ts'

const TARGET_SUFFIX = 'LambdaTarget'
const TARGET_ID_CHARACTERS_MAX = 64

export const schedule: EventType = {
  properties: {
    Schedule: required(string),
    RuleName: string,
    Input: string,
    Enabled: boolean,
    State: string,
    Name: string,
    Description: string,
    DeadLetterConfig: map,
    RetryPolicy: map,
  },
  resources(_, event) {
    const { Schedule: expression, Name: name, Description: description } = event.properties
    return rule(event, { ScheduleExpression: expression, Name: name, Description: description })
  },
}

export const eventRule: EventType = {
  properties: {
    EventBusName: string,
    RuleName: string,
    Pattern: map,
    DeadLetterConfig: map,
    RetryPolicy: map,
    Input: string,
    InputPath: string,
    Target: map,
    Enabled: boolean,
    State: string,
    InputTransformer: map,
  },
  resources(_, event) {
    const { EventBusName: bus, Pattern: pattern, RuleName: name } = event.properties
    return rule(event, { EventBusName: bus, EventPattern: pattern, Name: name })
  },
}

function rule(event: FunctionEvent, properties: Readonly<Record<string, Json | undefined>>): Generated[] {
  const { logicalId, inherited } = event
  const ruleArn = getAtt(logicalId, 'Arn')
  const state = ruleState(event)
  const { arn, queue } = deadLetters(event)
  const made = generated(
    logicalId,
    'AWS::Events::Rule',
    inherited,
    present({ ...properties, State: state, Targets: [target(event, arn)] }),
  )
  const queueResources =
    queue === undefined
      ? []
      : [
          queue,
          generated(`${logicalId}QueuePolicy`, 'AWS::SQS::QueuePolicy', inherited, {
            PolicyDocument: queuePolicyFor(
              { Service: 'events.amazonaws.com' },
              ruleArn,
              getAtt(queue.logicalId, 'Arn'),
            ),
            Queues: [ref(queue.logicalId)],
          }),
        ]
  return [made, ...queueResources, permission(event, { principal: 'events.amazonaws.com', sourceArn: ruleArn })]
}

function ruleState({ name, properties: { State: state, Enabled: isEnabled } }: FunctionEvent): Json | undefined {
  const isSwitched = isEnabled !== undefined && isEnabled !== null
  if (isGiven(state) && isSwitched)
    throw new EventMistake(name, 'State and Enabled Properties cannot both be specified.')
  if (isSwitched) return isGiven(isEnabled) ? 'ENABLED' : 'DISABLED'
  return isGiven(state) ? state : undefined
}

function target({ logicalId, properties, invoked }: FunctionEvent, deadLetterArn: Json | undefined): JsonObject {
  const { Target: given } = properties
  const ownId = isObject(given) && isGiven(given) ? objectOr(given).Id : undefined
  return present({
    Arn: invoked.arn,
    Id: ownId ?? logicalId.slice(0, TARGET_ID_CHARACTERS_MAX - TARGET_SUFFIX.length) + TARGET_SUFFIX,
    Input: properties.Input,
    InputPath: properties.InputPath,
    DeadLetterConfig: deadLetterArn === undefined ? undefined : { Arn: deadLetterArn },
    RetryPolicy: properties.RetryPolicy,
    InputTransformer: properties.InputTransformer,
  })
}

/** Messages of a topic, straight or through a queue, which is made when no existing one is named. */
import { EventMistake } from '../errors.ts'
import { getAtt, ref, referredResource } from '../intrinsics.ts'
import { isGiven, isObject, type Json, type JsonObject, objectOr, present } from '../json.ts'
import { queuePolicyFor } from '../policies.ts'
import { type Generated, generated } from '../resource.ts'
import { type Transformation, withParameters } from '../transformation.ts'
import { anything, isBoolean, map, required, string, type } from '../value-types.ts'
import type { EventType, FunctionEvent } from './event.ts'
import { queueMapping } from './mapping.ts'
import { permission } from './permission.ts'

const BATCH_SIZE = 10

export const topicEvent: EventType = {
  properties: {
    Topic: required(string),
    Region: string,
    FilterPolicy: anything,
    FilterPolicyScope: anything,
    SqsSubscription: type((value) => isBoolean(value) || isObject(value)),
    RedrivePolicy: map,
  },
  resources(run, event) {
    const { Topic: topic = null, SqsSubscription: queue } = event.properties
    if (!isGiven(queue))
      return [
        permission(event, { principal: 'sns.amazonaws.com', sourceArn: topic }),
        subscription(event, 'lambda', event.invoked.arn),
      ]
    return queue === true ? throughNewQueue(run, event, topic) : throughQueue(run, event, topic, queue)
  },
}

function throughNewQueue(run: Transformation, event: FunctionEvent, topic: Json): Generated[] {
  const id = `${event.logicalId}Queue`
  const topicId = referredResource(topic)
  const topicResource = topicId === undefined ? {} : objectOr(run.source[topicId])
  const isFifo = withParameters(run, objectOr(topicResource.Properties).FifoTopic ?? false)
  const properties: JsonObject = isGiven(isFifo) ? { FifoQueue: isFifo } : {}
  const arn = getAtt(id, 'Arn')
  return [
    queueEvent(run, event, arn, BATCH_SIZE),
    generated(id, 'AWS::SQS::Queue', event.inherited, properties),
    queuePolicy(event, `${event.logicalId}QueuePolicy`, topic, arn, ref(id)),
    subscription(event, 'sqs', arn),
  ]
}

function throughQueue(run: Transformation, event: FunctionEvent, topic: Json, queue: Json): Generated[] {
  const { QueueArn: arn, QueueUrl: url, QueuePolicyLogicalId: policyId, BatchSize: batchSize } = objectOr(queue)
  if (!isGiven(arn) || !isGiven(url)) throw new EventMistake(event.name, 'No QueueARN or QueueURL provided.')
  const id = isGiven(policyId) ? String(policyId) : `${event.logicalId}QueuePolicy`
  return [
    queueEvent(run, event, arn, isGiven(batchSize) ? batchSize : BATCH_SIZE),
    queuePolicy(event, id, topic, arn, url),
    subscription(event, 'sqs', arn),
  ]
}

/** Always enabled: AWS's transform does not look at `SqsSubscription.Enabled`. */
function queueEvent(run: Transformation, event: FunctionEvent, arn: Json, batchSize: Json): Generated {
  const properties = { Queue: arn, BatchSize: batchSize, Enabled: true }
  return queueMapping(run, { ...event, logicalId: `${event.logicalId}EventSourceMapping`, properties })
}

function queuePolicy(event: FunctionEvent, id: string, topic: Json, arn: Json, url: Json): Generated {
  return generated(id, 'AWS::SQS::QueuePolicy', event.inherited, {
    PolicyDocument: queuePolicyFor('*', topic, arn),
    Queues: [url],
  })
}

function subscription(
  { logicalId, properties, inherited }: FunctionEvent,
  protocol: string,
  endpoint: Json,
): Generated {
  return generated(
    logicalId,
    'AWS::SNS::Subscription',
    inherited,
    present({
      Protocol: protocol,
      Endpoint: endpoint,
      TopicArn: properties.Topic,
      Region: properties.Region,
      FilterPolicy: properties.FilterPolicy,
      FilterPolicyScope: properties.FilterPolicyScope,
      RedrivePolicy: properties.RedrivePolicy,
    }),
  )
}

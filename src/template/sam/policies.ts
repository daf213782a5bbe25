/** The policy documents that the transform writes into roles, queues and topics. */
import type { Json, JsonObject } from './json.ts'

export function assumeRolePolicy(service: string): JsonObject {
  return {
    Version: '2012-10-17',
    Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [service] } }],
  }
}

/** An inline policy of a role. SAM's own have no version, which IAM allows. */
export function inlinePolicy(name: string, statements: readonly JsonObject[]): JsonObject {
  return { PolicyName: name, PolicyDocument: { Statement: [...statements] } }
}

export function allow(action: Json, resource: Json): JsonObject {
  return { Action: action, Effect: 'Allow', Resource: resource }
}

export function sendMessagePolicy(queueArn: Json, logicalId: string): JsonObject {
  return inlinePolicy(`${logicalId}SQSPolicy`, [allow('sqs:SendMessage', queueArn)])
}

export function publishPolicy(topicArn: Json, logicalId: string): JsonObject {
  return inlinePolicy(`${logicalId}SNSPolicy`, [allow('sns:publish', topicArn)])
}

export function putEventsPolicy(busArn: Json, logicalId: string): JsonObject {
  return inlinePolicy(`${logicalId}EventBridgePolicy`, [allow('events:PutEvents', busArn)])
}

export function invokePolicy(functionArn: Json, logicalId: string): JsonObject {
  return inlinePolicy(`${logicalId}LambdaPolicy`, [allow('lambda:InvokeFunction', functionArn)])
}

export function putObjectPolicy(bucketArn: Json, logicalId: string): JsonObject {
  return inlinePolicy(`${logicalId}S3Policy`, [
    allow('s3:PutObject', { 'Fn::Join': ['/', [bucketArn, '*']] }),
    allow('s3:ListBucket', bucketArn),
  ])
}

/** What lets one source send to a queue. */
export function queuePolicyFor(principal: Json, sourceArn: Json, queueArn: Json): JsonObject {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Action: 'sqs:SendMessage',
        Effect: 'Allow',
        Principal: principal,
        Resource: queueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } },
      },
    ],
  }
}

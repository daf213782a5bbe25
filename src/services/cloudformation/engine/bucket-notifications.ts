import { createHash } from 'node:crypto'
import type { NotificationConfiguration } from '@aws-sdk/client-s3'
import { assert } from '../../../std/assert.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { TemplateError, type TemplateObject, type TemplateValue } from '../../../template/template.ts'
import type { MadeResource } from '../tables.ts'
import { resolveDynamicReferences } from './dynamic-values.ts'
import { success, type StepOutcome } from './outcome.ts'
import type { StackRun } from './run.ts'
import type { Subject } from './subject.ts'

const TYPE = 'Custom::S3BucketNotifications'
const KINDS = ['TopicConfigurations', 'QueueConfigurations', 'LambdaFunctionConfigurations'] as const

/**
 * The handler, if this is the CDK's resource for notifications of a bucket, and its handler the CDK's own of the same stack: a Python function
 * that puts the notifications. They are put here instead, so that the CDK's stacks need no Python and no boto3.
 */
export function findNotificationsHandler(run: StackRun, { type, step, made }: Subject): MadeResource | undefined {
  if (type !== TYPE) return undefined
  const serviceToken = (step.target ?? made)?.properties['ServiceToken']
  for (const { made: handler } of run.rows.values()) {
    if (handler?.type !== 'AWS::Lambda::Function' || handler.attributes['Arn'] !== serviceToken) continue
    return run.room.isNotificationsHandler(handler.properties) ? handler : undefined
  }
  return undefined
}

/**
 * Puts the notifications with the permissions that the handler has: whoever calls for the stack must be allowed to invoke it, and its role
 * to put them. Those of others stay when the bucket is not the stack's (`Managed: false`).
 */
export async function putBucketNotifications(
  run: StackRun,
  { step, made, logicalId }: Subject,
  handler: MadeResource,
): Promise<StepOutcome> {
  const target = step.target ?? made
  assert(target !== null, 'a step is about something')
  const isDelete = step.action === 'delete'
  const physicalId = made?.physicalId ?? logicalId
  try {
    const caller = await run.caller()
    const properties = await resolveDynamicReferences(run, caller, target.properties)
    const { region } = run.stack
    const functionArn = String(handler.attributes['Arn'])
    const invocation = { FunctionName: functionArn, InvocationType: 'DryRun' } as const
    await run.room.call('lambda', 'Invoke', invocation, caller, { region })
    const as = await run.room.functionCaller(String(handler.properties['Role']), functionArn)
    const Bucket = String(properties['BucketName'] ?? '')
    const wanted = isDelete ? {} : asConfiguration(properties['NotificationConfiguration'])
    const NotificationConfiguration = isTrue(properties['Managed'] ?? true)
      ? wanted
      : merged(
          await run.room.call('s3', 'GetBucketNotificationConfiguration', { Bucket }, as, { region }),
          wanted,
          run.stackId,
        )
    const SkipDestinationValidation = isTrue(properties['SkipDestinationValidation'] ?? false)
    const input = { Bucket, NotificationConfiguration, SkipDestinationValidation }
    await run.room.call('s3', 'PutBucketNotificationConfiguration', input, as, { region })
    return success(physicalId)
  } catch (error) {
    if (!(error instanceof AwsError) && !(error instanceof TemplateError)) throw error
    const reason = `Received response status [FAILED] from custom resource. Message returned: Error: ${error.message}. (RequestId: ${step.token})`
    return { ok: false, reason }
  }
}

/** The bucket's notifications with this stack's exchanged; their ids begin with the id of the stack, as the CDK's handler has it. */
function merged(
  existing: NotificationConfiguration,
  wanted: NotificationConfiguration,
  stackId: string,
): NotificationConfiguration {
  const kept = <T extends { Id?: string | undefined }>(list: readonly T[] | undefined) =>
    (list ?? []).filter(({ Id }) => Id?.startsWith(`${stackId}-`) !== true)
  const named = <T extends object>(list: readonly T[] | undefined) =>
    (list ?? []).map((one) => ({ ...one, Id: `${stackId}-${digestOf(one)}` }))
  const [topics, queues, functions] = KINDS
  const EventBridgeConfiguration = wanted.EventBridgeConfiguration ?? existing.EventBridgeConfiguration
  return {
    [topics]: [...kept(existing[topics]), ...named(wanted[topics])],
    [queues]: [...kept(existing[queues]), ...named(wanted[queues])],
    [functions]: [...kept(existing[functions]), ...named(wanted[functions])],
    ...(EventBridgeConfiguration !== undefined && { EventBridgeConfiguration }),
  }
}

/** The property has the shape of the operation's input, which checks it. */
function asConfiguration(value: TemplateValue | undefined): NotificationConfiguration {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as TemplateObject as NotificationConfiguration) : {}
}

function isTrue(value: TemplateValue): boolean {
  return String(value).toLowerCase() === 'true'
}

function digestOf(value: object): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

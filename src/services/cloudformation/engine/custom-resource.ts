import { randomHex } from '../../../std/ids.ts'
import { assert } from '../../../std/assert.ts'
import { AwsError } from '../../../protocol/errors.ts'
import { TemplateError, type TemplateObject, type TemplateValue } from '../../../template/template.ts'
import { type AwaitedAnswer, responses } from '../tables.ts'
import { findNotificationsHandler, putBucketNotifications } from './bucket-notifications.ts'
import { resolveDynamicReferences } from './dynamic-values.ts'
import { success, type StepOutcome } from './outcome.ts'
import { physicalName } from './physical-name.ts'
import { type StepProgress, waiting } from './progress.ts'
import { responseUrl } from './responses.ts'
import type { StackRun } from './run.ts'
import { putAwaits, type Subject } from './subject.ts'

/** How long a custom resource may take to answer unless it says so, in ms. ServiceTimeout: 1 to 3,600 s, default 3,600 s. */
const SERVICE_TIMEOUT_MAX_MS = 3_600_000
/** How long an answer is waited for when nothing but it keeps a stack from rolling back, in ms. */
const GRACE_MS = 30_000
const PHYSICAL_ID_LENGTH_MAX = 1024
const CUSTOM_RESOURCE_TYPE = 'AWS::CloudFormation::CustomResource'

export function isCustomResource(type: string): boolean {
  return type === CUSTOM_RESOURCE_TYPE || type.startsWith('Custom::')
}

/**
 * A resource that a function or a subscriber of a topic makes: it is sent a request and answers by a PUT to an address that was made for it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-custom-resources.html
 */
export async function advanceCustomResource(run: StackRun, subject: Subject): Promise<StepProgress> {
  const handler = findNotificationsHandler(run, subject)
  if (handler !== undefined) return putBucketNotifications(run, subject, handler)
  const awaits = subject.step.awaits ?? (await openDoor(run, subject))
  assert(awaits.kind === 'response', 'a custom resource answers by a response')
  // One that is given up may have been sent by a server that died; it is not sent again.
  if (!awaits.isSent && awaits.isGivenUp !== true) {
    const failure = await send(run, subject, awaits.token)
    if (failure !== undefined) return failure
    const sent = { ...awaits, isSent: true }
    await run.commit((changes) => putAwaits(run, changes, subject, sent))
  }
  const row = await responses.get(run.room.store, [awaits.token])
  if (row?.body !== null && row?.body !== undefined) {
    await readSecretsAgain(run, subject)
    return read(run, subject, row.body)
  }
  if (run.now < awaits.deadlineMs) return waiting(awaits.deadlineMs)
  return failed(
    run,
    subject,
    `CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [${subject.step.token}].`,
  )
}

/**
 * A custom resource that has been asked while its deployment is given up. Its answer says what it made, and a request that overtakes the one before
 * it would leave something behind, so it gets {@link GRACE_MS} more. Undefined: its time is not over, or it has answered.
 */
export async function giveUpCustomResource(
  run: StackRun,
  subject: Subject,
  reason: string,
): Promise<StepProgress | undefined> {
  const { awaits } = subject.step
  assert(awaits?.kind === 'response', 'a custom resource answers by a response')
  const row = await responses.get(run.room.store, [awaits.token])
  if (row?.body !== null && row?.body !== undefined) return undefined
  if (awaits.isGivenUp === true)
    return run.now < awaits.deadlineMs ? waiting(awaits.deadlineMs) : failed(run, subject, reason)
  const hurried = { ...awaits, isGivenUp: true, deadlineMs: Math.min(awaits.deadlineMs, run.now + GRACE_MS) }
  await run.commit((changes) => putAwaits(run, changes, subject, hurried))
  return waiting(hurried.deadlineMs)
}

async function openDoor(run: StackRun, subject: Subject): Promise<Extract<AwaitedAnswer, { kind: 'response' }>> {
  const timeout = Number((subject.step.target ?? subject.made)?.properties['ServiceTimeout'] ?? Number.NaN) * 1000
  const patienceMs = timeout > 0 && timeout <= SERVICE_TIMEOUT_MAX_MS ? timeout : SERVICE_TIMEOUT_MAX_MS
  const awaits = { kind: 'response', token: randomHex(32), isSent: false, deadlineMs: run.now + patienceMs } as const
  const { logicalId } = subject
  await run.commit(async (changes) => {
    responses.put(changes.tx, [awaits.token], { stackId: run.stackId, logicalId, kind: 'response', body: null })
    await putAwaits(run, changes, subject, awaits)
  })
  return awaits
}

async function send(run: StackRun, subject: Subject, responseToken: string): Promise<StepOutcome | undefined> {
  const { step, made } = subject
  const target = step.target ?? made
  assert(target !== null, 'a step is about something')
  const serviceToken = target.properties['ServiceToken']
  if (typeof serviceToken !== 'string' || !/^arn:[\w-]+:(lambda|sns):/.test(serviceToken)) {
    return { ok: false, reason: 'Invalid ServiceToken: it must be the ARN of a Lambda function or of an SNS topic.' }
  }
  if (step.action === 'update' && serviceToken !== made?.properties['ServiceToken']) {
    return { ok: false, reason: 'Modifying service token is not allowed.' }
  }
  try {
    const caller = await run.caller()
    const resolved = async (properties: TemplateObject) =>
      stringified(await resolveDynamicReferences(run, caller, properties))
    const request = {
      RequestType: { create: 'Create', update: 'Update', delete: 'Delete' }[step.action],
      ServiceToken: serviceToken,
      ResponseURL: responseUrl(run.room.origin(), responseToken),
      StackId: run.stackId,
      RequestId: step.token,
      LogicalResourceId: subject.logicalId,
      ...(step.action !== 'create' && made !== null && { PhysicalResourceId: made.physicalId }),
      ResourceType: subject.type,
      ResourceProperties: await resolved(target.properties),
      ...(step.action === 'update' && made !== null && { OldResourceProperties: await resolved(made.properties) }),
    }
    const text = JSON.stringify(request)
    const options = { region: serviceToken.split(':')[3] ?? run.stack.region }
    if (serviceToken.split(':')[2] === 'sns') {
      const message = { TopicArn: serviceToken, Message: text, Subject: 'AWS CloudFormation custom resource request' }
      await run.room.call('sns', 'Publish', message, caller, options)
    } else {
      const Payload = Buffer.from(text)
      const invocation = { FunctionName: serviceToken, InvocationType: 'Event', Payload } as const
      await run.room.call('lambda', 'Invoke', invocation, caller, options)
    }
    return undefined
  } catch (error) {
    if (error instanceof AwsError || error instanceof TemplateError) return { ok: false, reason: error.message }
    throw error
  }
}

/** Whoever answers may repeat what it was sent, and it may be another run that takes the answer. */
async function readSecretsAgain(run: StackRun, { step }: Subject): Promise<void> {
  if (step.target === null) return
  try {
    await resolveDynamicReferences(run, await run.caller(), step.target.properties)
  } catch (error) {
    // It has been answered all the same, and what cannot be read any more cannot be recognized.
    if (!(error instanceof AwsError) && !(error instanceof TemplateError)) throw error
  }
}

function read(run: StackRun, subject: Subject, body: string): StepOutcome {
  const answer = parse(body)
  if (answer === undefined) return failed(run, subject, 'Response is not a JSON object.')
  const physicalId = typeof answer['PhysicalResourceId'] === 'string' ? answer['PhysicalResourceId'] : ''
  if (answer['Status'] !== 'SUCCESS') {
    const status = answer['Status'] === 'FAILED' ? 'FAILED' : String(answer['Status'])
    const reason = `Received response status [${status}] from custom resource. Message returned: ${String(answer['Reason'] ?? '')} (RequestId: ${subject.step.token})`
    return failed(run, subject, reason, physicalId)
  }
  if (subject.step.action === 'delete') return success(physicalId)
  if (physicalId === '' || physicalId.length > PHYSICAL_ID_LENGTH_MAX) {
    return failed(run, subject, 'Invalid PhysicalResourceId')
  }
  return success(physicalId, asObject(answer['Data']), answer['NoEcho'] === true || answer['NoEcho'] === 'true')
}

/** A create that failed may have made something: it will get a Delete, with the id it told or one that CloudFormation makes. */
function failed({ stack }: StackRun, { step, logicalId }: Subject, reason: string, told = ''): StepOutcome {
  if (step.action !== 'create') return { ok: false, reason }
  const made = physicalName({ stackName: stack.name, logicalId, token: step.token }, { lengthMax: 255 })
  return { ok: false, reason, left: { physicalId: told === '' ? made : told, attributes: {} } }
}

function parse(body: string): TemplateObject | undefined {
  try {
    const value = JSON.parse(body) as TemplateValue
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as TemplateObject) : undefined
  } catch {
    return undefined
  }
}

function asObject(value: TemplateValue | undefined): TemplateObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as TemplateObject) : {}
}

/** CloudFormation sends every scalar as a text, and handlers rely on it. */
function stringified(value: TemplateObject): TemplateObject {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, text(member)]))
}

function text(value: TemplateValue): TemplateValue {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === null || typeof value === 'string') return value
  if (Array.isArray(value)) return (value as readonly TemplateValue[]).map(text)
  return stringified(value as TemplateObject)
}

import { uuid } from '../std/ids.ts'
import { artifactBucket, uploadArtifacts } from './artifacts.ts'
import { type PackagedTemplate, packageTemplate } from './package/template.ts'
import { query, type QueryInput } from './query.ts'
import { type ClientConnection, RefusedError } from './send.ts'
import { sleepAwake } from './sleep-awake.ts'
import {
  describeChangeSet,
  findStack,
  isSettled,
  type Stack,
  type StackChange,
  type StackEvent,
  stackEvents,
} from './stacks.ts'

export interface DeployOptions {
  readonly templatePath: string
  readonly stackName: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
  /** What the template may do is acknowledged by who deploys it. */
  readonly capabilities: readonly string[]
  /** The role that CloudFormation acts as; who calls, when absent. */
  readonly roleArn?: string
  /** Where code and templates are put; a bucket of the account's own when absent. */
  readonly bucket?: string
  /** Leaves a failed stack as it is. */
  readonly disableRollback?: boolean
  /** False: the changes are computed, and not made. Default true. */
  readonly execute?: boolean
  readonly onProgress?: (progress: DeployProgress) => void
  readonly signal?: AbortSignal
}

export type DeployProgress =
  | { readonly kind: 'packaged'; readonly packaged: PackagedTemplate }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'uploaded'; readonly count: number; readonly bucket: string }
  | { readonly kind: 'replacing'; readonly status: string }
  | { readonly kind: 'changes'; readonly changes: readonly StackChange[] }
  | { readonly kind: 'event'; readonly event: StackEvent }

export interface Deployed {
  readonly stack: Stack
  readonly packaged: PackagedTemplate
  /** What the template needs was uploaded to this one. */
  readonly bucket: string
  /** None: the stack was up to date, or is not to be changed. */
  readonly changes: readonly StackChange[]
}

/** The stack did not become what the template says. */
export class DeployError extends Error {
  /** What failed, in the order in which it did; empty when nothing was begun. */
  readonly failures: readonly StackEvent[]

  constructor(message: string, failures: readonly StackEvent[] = []) {
    super(message)
    this.failures = failures
  }
}

/** Longer templates are read from the bucket, in bytes. https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html */
const TEMPLATE_BODY_BYTES_MAX = 51_200
const POLL_MS = 100
/** Of the text that is sent, which is not the one that was written; there the packager has looked before. */
const POSITION = / \(line \d+, column \d+\)/g
const NOTHING_CHANGED = /didn't contain changes|No updates are to be performed/

/**
 * Packs the code of a template, uploads it, and makes the stack of that name what the template says, through a change set. Resolves when it is;
 * throws {@link DeployError} when it cannot be, with the failures.
 */
export async function deploy(connection: ClientConnection, options: DeployOptions): Promise<Deployed> {
  const { stackName, onProgress, signal } = options
  const bucket = options.bucket ?? (await artifactBucket(connection, signal))
  const objectUrl = objectUrls(connection, bucket)
  const packaged = await packageTemplate(options.templatePath, bucket, objectUrl)
  onProgress?.({ kind: 'packaged', packaged })
  for (const text of packaged.warnings) onProgress?.({ kind: 'warning', text })

  const body = Buffer.from(packaged.text)
  const isLong = body.length > TEMPLATE_BODY_BYTES_MAX
  const templateKey = `${stackName}-${uuid()}.template`
  const artifacts = isLong ? [...packaged.artifacts, { key: templateKey, bytes: () => body }] : packaged.artifacts
  const count = await uploadArtifacts(connection, bucket, artifacts, signal)
  if (count > 0) onProgress?.({ kind: 'uploaded', count, bucket })

  const existing = await updatable(connection, options)
  const template = isLong ? { TemplateURL: objectUrl(templateKey) } : { TemplateBody: packaged.text }
  signal?.throwIfAborted()
  const changeSetId = await createChangeSet(connection, {
    ...template,
    StackName: stackName,
    ChangeSetName: `millrace-${uuid()}`,
    ChangeSetType: existing === undefined ? 'CREATE' : 'UPDATE',
    Capabilities: options.capabilities,
    Parameters: parametersOf(options.parameters ?? {}, existing, packaged.parameterNames),
    Tags: Object.entries(options.tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
    RoleARN: options.roleArn,
  })
  const changeSet = await describeChangeSet(connection, changeSetId)
  const { stackId, changes } = changeSet
  if (signal?.aborted) await discard(connection, changeSetId, existing, stackId)
  signal?.throwIfAborted()
  if (changeSet.status === 'FAILED') {
    await discard(connection, changeSetId, existing, stackId)
    if (existing !== undefined && NOTHING_CHANGED.test(changeSet.reason ?? ''))
      return { stack: existing, packaged, bucket, changes: [] }
    throw new DeployError(changeSet.reason?.replaceAll(POSITION, '') ?? 'the change set failed')
  }
  onProgress?.({ kind: 'changes', changes })
  if (options.execute === false) {
    const stack = await requireStack(connection, stackId)
    await discard(connection, changeSetId, existing, stackId)
    return { stack, packaged, bucket, changes }
  }
  return { stack: await execute(connection, changeSetId, stackId, options), packaged, bucket, changes }
}

/** Not to be interrupted: what it makes has an id that has to be known to be taken back. */
async function createChangeSet(connection: ClientConnection, input: QueryInput): Promise<string> {
  try {
    return (await query(connection, 'cloudformation', 'CreateChangeSet', input)).text('Id') ?? ''
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    throw new RefusedError(error.status, error.code, error.message.replaceAll(POSITION, ''))
  }
}

/** Addresses of objects as CloudFormation takes them for templates. */
export function objectUrls(connection: ClientConnection, bucket: string): (key: string) => string {
  return (key) => `${connection.endpoint}/${bucket}/${key}`
}

/** Deletes a stack and tells its events. Resolves when it is gone, false when there was none; throws {@link DeployError} when it cannot go. */
export async function deleteStack(
  connection: ClientConnection,
  stackName: string,
  options: Pick<DeployOptions, 'roleArn' | 'onProgress' | 'signal'> = {},
): Promise<boolean> {
  const { roleArn, signal } = options
  const stack = await findStack(connection, stackName, signal)
  if (stack === undefined) return false
  const before = (await stackEvents(connection, stack.id, undefined, signal)).at(-1)?.id
  const input = { StackName: stack.id, RoleARN: roleArn }
  const begun = outcome(query(connection, 'cloudformation', 'DeleteStack', input, signal))
  const { ended, events } = await follow(connection, stack.id, before, options, begun)
  if (ended.status !== 'DELETE_COMPLETE') throw failure(ended, events)
  return true
}

async function execute(
  connection: ClientConnection,
  changeSetId: string,
  stackId: string,
  options: DeployOptions,
): Promise<Stack> {
  const { disableRollback = false, signal } = options
  const before = (await stackEvents(connection, stackId, undefined, signal)).at(-1)?.id
  const input = { ChangeSetName: changeSetId, DisableRollback: disableRollback }
  const begun = outcome(query(connection, 'cloudformation', 'ExecuteChangeSet', input, signal))
  const { ended, events } = await follow(connection, stackId, before, options, begun)
  if (!/^(CREATE|UPDATE)_COMPLETE$/.test(ended.status)) throw failure(ended, events)
  return ended
}

/** The server holds its answer back for a while; meanwhile the events are told. */
function outcome(answer: Promise<unknown>): Promise<{ readonly error: unknown } | undefined> {
  return answer.then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
}

/** Tells events until the stack has settled. `begun` says that it had a reason to: before, a settled stack has just not begun. */
async function follow(
  connection: ClientConnection,
  stackId: string,
  before: string | undefined,
  { onProgress, signal }: Pick<DeployOptions, 'onProgress' | 'signal'>,
  begun: Promise<{ readonly error: unknown } | undefined>,
): Promise<{ readonly ended: Stack; readonly events: readonly StackEvent[] }> {
  const events: StackEvent[] = []
  let refused: { readonly error: unknown } | undefined
  let hasBegun = false
  void begun.then((problem) => {
    refused = problem
    hasBegun = true
  })
  for (;;) {
    signal?.throwIfAborted()
    const mayEnd = hasBegun
    const stack = await requireStack(connection, stackId, signal)
    const fresh = await stackEvents(connection, stackId, events.at(-1)?.id ?? before, signal)
    for (const event of fresh) onProgress?.({ kind: 'event', event })
    events.push(...fresh)
    if (refused !== undefined) throw refused.error
    if (mayEnd && isSettled(stack.status)) return { ended: stack, events }
    await (hasBegun ? sleepAwake(POLL_MS, signal) : Promise.race([begun, sleepAwake(POLL_MS, signal)]))
  }
}

/** A stack whose creation was rolled back can only be deleted. Others that exist are updated; those that were only reviewed are created. */
async function updatable(connection: ClientConnection, options: DeployOptions): Promise<Stack | undefined> {
  const stack = await findStack(connection, options.stackName, options.signal)
  if (stack === undefined || stack.status === 'REVIEW_IN_PROGRESS') return undefined
  if (stack.status !== 'ROLLBACK_COMPLETE') return stack
  if (options.execute === false)
    throw new DeployError(`${stack.name} is in ${stack.status}: to deploy it is to delete it and make it anew`)
  options.onProgress?.({ kind: 'replacing', status: stack.status })
  await deleteStack(connection, stack.id, options)
  return undefined
}

/** Parameters that are not given keep the value they have. */
function parametersOf(
  given: Readonly<Record<string, string>>,
  existing: Stack | undefined,
  declared: readonly string[],
): { ParameterKey: string; ParameterValue?: string; UsePreviousValue?: boolean }[] {
  const kept = (existing?.parameterNames ?? []).filter((name) => declared.includes(name) && !Object.hasOwn(given, name))
  return [
    ...Object.entries(given).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    ...kept.map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true })),
  ]
}

/** A stack that exists only because of the change set goes with it. */
async function discard(
  connection: ClientConnection,
  changeSetId: string,
  existing: Stack | undefined,
  stackId: string,
): Promise<void> {
  await query(connection, 'cloudformation', 'DeleteChangeSet', { ChangeSetName: changeSetId })
  if (existing === undefined) await query(connection, 'cloudformation', 'DeleteStack', { StackName: stackId })
}

async function requireStack(connection: ClientConnection, stackId: string, signal?: AbortSignal): Promise<Stack> {
  const stack = await findStack(connection, stackId, signal)
  if (stack === undefined) throw new DeployError(`${stackId} is gone`)
  return stack
}

function failure(stack: Stack, events: readonly StackEvent[]): DeployError {
  const failures = events.filter(
    ({ status, stackId, physicalId }) => status.endsWith('_FAILED') && physicalId !== stackId,
  )
  const reason = stack.reason === undefined ? '' : `: ${stack.reason}`
  return new DeployError(`${stack.name} is in ${stack.status}${reason}`, failures)
}

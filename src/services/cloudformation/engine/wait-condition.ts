import { assert } from '../../../std/assert.ts'
import { responses, signals } from '../tables.ts'
import { success } from './outcome.ts'
import { physicalName } from './physical-name.ts'
import { type StepProgress, waiting } from './progress.ts'
import { responseToken, responseUrl } from './responses.ts'
import type { StackRun } from './run.ts'
import { putAwaits, type Subject } from './subject.ts'

/** The longest that a wait condition may wait: 12 h. */
const TIMEOUT_MAX_SECONDS = 43_200
const SIGNALS_PAGE = 1000

/** A handle is an address that signals are PUT to; `Ref` gives it. */
export async function advanceWaitConditionHandle(run: StackRun, subject: Subject): Promise<StepProgress> {
  const { step, made, logicalId } = subject
  if (step.action === 'update') return success(made?.physicalId ?? '', {})
  if (step.action === 'create') {
    // The token of the step: every attempt gives the same address.
    const row = { stackId: run.stackId, logicalId, kind: 'signals', body: null } as const
    await run.commit(async ({ tx }) => {
      responses.put(tx, [step.token], row)
    })
    return success(responseUrl(run.room.origin(), step.token))
  }
  const handle = responseToken(made?.physicalId ?? '') ?? ''
  const received = await signals.list(run.room.store, { prefix: [handle], limit: SIGNALS_PAGE })
  await run.commit(async ({ tx }) => {
    responses.delete(tx, [handle])
    for (const { key } of received) signals.delete(tx, key)
  })
  return success(handle)
}

/** Holds the stack until the handle got as many signals as `Count` says. */
export async function advanceWaitCondition(run: StackRun, subject: Subject): Promise<StepProgress> {
  const { step, made, logicalId } = subject
  if (step.action === 'delete') return success(made?.physicalId ?? '')
  if (step.action === 'update') {
    return { ok: false, reason: 'Update to resource type AWS::CloudFormation::WaitCondition is not supported.' }
  }
  let { awaits } = step
  if (awaits === null) {
    const { Handle, Timeout, Count } = step.target?.properties ?? {}
    const handle = responseToken(String(Handle ?? ''))
    if (handle === undefined || handle === '')
      return { ok: false, reason: 'WaitCondition Handle must be the Ref of a handle of this stack' }
    const timeoutSeconds = Number(Timeout)
    if (!(timeoutSeconds >= 0 && timeoutSeconds <= TIMEOUT_MAX_SECONDS)) {
      return { ok: false, reason: `Timeout of a WaitCondition is a number of seconds up to ${TIMEOUT_MAX_SECONDS}` }
    }
    const count = Count === undefined ? 1 : Number(Count)
    const opened = { kind: 'signals', handle, count, deadlineMs: run.now + timeoutSeconds * 1000 } as const
    await run.commit((changes) => putAwaits(run, changes, subject, opened))
    awaits = opened
  }
  assert(awaits.kind === 'signals', 'a wait condition waits for signals')
  const { handle, count, deadlineMs } = awaits
  const rows = await signals.list(run.room.store, { prefix: [handle], limit: SIGNALS_PAGE })
  const refusal = rows.find(({ value }) => value.status === 'FAILURE')
  if (refusal !== undefined) {
    const [, uniqueId] = refusal.key
    return {
      ok: false,
      reason: `WaitCondition received failed message: '${refusal.value.reason}' for uniqueId: ${uniqueId}`,
    }
  }
  if (rows.length >= count) {
    const Data = JSON.stringify(Object.fromEntries(rows.map(({ key, value }) => [key[1], value.data])))
    const name = physicalName({ stackName: run.stack.name, logicalId, token: step.token }, { lengthMax: 255 })
    return success(name, { Data })
  }
  if (run.now < deadlineMs) return waiting(deadlineMs)
  return { ok: false, reason: `WaitCondition timed out. Received ${rows.length} conditions when expecting ${count}` }
}

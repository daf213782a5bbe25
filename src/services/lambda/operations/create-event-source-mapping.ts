import { uuid } from '../../../std/ids.ts'
import { transact } from '../../../store/transaction.ts'
import { parseFunctionName, qualifiedArn } from '../arn.ts'
import { Constraints } from '../constraints.ts'
import { invalidParameterValue } from '../errors.ts'
import { assertNoTwin, mappingOf, mergeMapping, NEW_SETTINGS, pairKey } from '../event-sources/mapping.ts'
import { isQueueArn } from '../event-sources/queue-url.ts'
import { checkSource } from '../event-sources/source-check.ts'
import { homeOf, type LambdaOperation } from '../operation.ts'
import { type EventSourceRow, eventSourcePairs, eventSources, LATEST } from '../tables.ts'
import { checkTags, tagContext } from '../tags.ts'

export const createEventSourceMapping: LambdaOperation<'CreateEventSourceMapping'> = {
  authorize(call) {
    const ref = parseFunctionName(call.input.FunctionName, undefined, homeOf(call))
    const context = { 'lambda:FunctionArn': qualifiedArn(ref), ...(call.input.Tags && tagContext(call.input.Tags)) }
    return [{ action: 'lambda:CreateEventSourceMapping', resource: '*', context }]
  },

  async handle(call, lambda) {
    const { input } = call
    const home = homeOf(call)
    new Constraints().present('functionName', input.FunctionName).check()
    const arn = input.EventSourceArn ?? ''
    if (!isQueueArn(arn)) throw invalidParameterValue('Unrecognized event source.')
    const settings = mergeMapping(NEW_SETTINGS, input, arn)
    const tags = input.Tags ?? {}
    checkTags(tags, call.http !== undefined)
    const ref = parseFunctionName(input.FunctionName, undefined, home)
    const resolved = await lambda.catalog.resolve(ref, 'main')
    if (resolved === undefined) throw invalidParameterValue('Function does not exist')
    await checkSource(lambda, resolved, arn)
    const { name: functionName, qualifier } = ref
    const row: EventSourceRow = {
      ...settings,
      eventSourceArn: arn,
      functionName,
      qualifier: qualifier === undefined || qualifier === LATEST ? null : qualifier,
      tags,
      modifiedMs: call.nowMs,
    }
    const id = uuid()
    await transact(lambda.store, async (tx) => {
      await assertNoTwin(tx, row, home, id)
      eventSourcePairs.put(tx, pairKey(row, home), id)
      eventSources.put(tx, [home.accountId, home.region, id], row)
      tx.afterCommit(lambda.eventSources.wake)
    })
    return mappingOf(home, id, row, 'Creating')
  },
}

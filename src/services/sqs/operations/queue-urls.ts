import { transact } from '../../../store/transaction.ts'
import { queueArn, queueUrl } from '../arn.ts'
import { invalidParameterValue, invalidValue, missingParameter } from '../errors.ts'
import { queueGrant, refOf, type SqsOperation } from '../operation.ts'
import { queueKey, queueOf, requireQueue } from '../queues.ts'
import { abandonedStores, deletedQueues, queues } from '../tables.ts'

const LIST_MAX = 1000

export const getQueueUrl: SqsOperation<'GetQueueUrl'> = {
  authorize: (call) => [{ action: 'sqs:GetQueueUrl', resource: queueArn(namedRef(call)) }],

  async handle(call, sqs) {
    const queue = await requireQueue(sqs.store, namedRef(call))
    return { QueueUrl: queueUrl(sqs.origin(call.http), queue.ref) }
  },
}

export const listQueues: SqsOperation<'ListQueues'> = {
  authorize: () => [{ action: 'sqs:ListQueues', resource: '*' }],

  async handle(call, sqs) {
    const { QueueNamePrefix = '', NextToken, MaxResults } = call.input
    const home = [call.accountId, call.region] as const
    const origin = sqs.origin(call.http)
    const names = (async function* () {
      for await (const { key } of queues.scan(sqs.store, home)) if (key[2].startsWith(QueueNamePrefix)) yield key[2]
    })()
    const page = await pageOf(names, NextToken, MaxResults)
    const urls = page.names.map((name) => queueUrl(origin, { accountId: home[0], region: home[1], name }))
    return { ...(urls.length > 0 && { QueueUrls: urls }), ...(page.token && { NextToken: page.token }) }
  },
}

export const listDeadLetterSourceQueues: SqsOperation<'ListDeadLetterSourceQueues'> = {
  authorize: (call) => queueGrant('ListDeadLetterSourceQueues', call),

  async handle(call, sqs) {
    const { NextToken, MaxResults } = call.input
    const { arn, ref } = await requireQueue(sqs.store, refOf(call))
    const names = (async function* () {
      for await (const { key, value } of queues.scan(sqs.store, [ref.accountId, ref.region])) {
        const source = queueOf({ ...ref, name: key[2] }, value)
        if (source.redrivePolicy?.targetArn === arn) yield key[2]
      }
    })()
    const page = await pageOf(names, NextToken, MaxResults)
    const origin = sqs.origin(call.http)
    return {
      queueUrls: page.names.map((name) => queueUrl(origin, { ...ref, name })),
      ...(page.token && { NextToken: page.token }),
    }
  },
}

export const deleteQueue: SqsOperation<'DeleteQueue'> = {
  authorize: (call) => queueGrant('DeleteQueue', call),

  async handle(call, sqs) {
    const ref = refOf(call)
    await transact(sqs.store, async (tx) => {
      const { row, settings } = await requireQueue(tx, ref)
      queues.delete(tx, queueKey(ref))
      deletedQueues.put(tx, queueKey(ref), call.nowMs)
      abandonedStores.put(tx, [row.storeId], { isFifo: settings.isFifo })
      // Whoever waits for messages of it is told that it is gone.
      tx.afterCommit(() => sqs.messages.arrivals.ring(row.storeId))
    })
    return {}
  },
}

function namedRef(call: Parameters<(typeof getQueueUrl)['authorize']>[0]) {
  const { QueueName: name, QueueOwnerAWSAccountId } = call.input
  if (name === undefined || name === '') throw missingParameter('QueueName')
  if (QueueOwnerAWSAccountId !== undefined && !/^\d{12}$/.test(QueueOwnerAWSAccountId)) {
    throw invalidValue(QueueOwnerAWSAccountId, 'QueueOwnerAWSAccountId', 'An AWS account id consists of 12 digits.')
  }
  return { accountId: QueueOwnerAWSAccountId ?? call.accountId, region: call.region, name }
}

/** Names of one page, in order. Without `MaxResults` there are no further pages, as in AWS. */
async function pageOf(
  names: AsyncIterable<string>,
  token: string | undefined,
  maxResults: number | undefined,
): Promise<{ names: string[]; token: string | undefined }> {
  if (maxResults !== undefined && (maxResults < 1 || maxResults > LIST_MAX)) {
    throw invalidValue(maxResults, 'MaxResults', `Must be between 1 and ${LIST_MAX}, if provided.`)
  }
  const after = token === undefined ? '' : readToken(token)
  const page: string[] = []
  for await (const name of names) {
    if (name <= after) continue
    if (page.length === (maxResults ?? LIST_MAX)) {
      return { names: page, token: maxResults === undefined ? undefined : writeToken(page.at(-1) as string) }
    }
    page.push(name)
  }
  return { names: page, token: undefined }
}

const TOKEN = 'after:'
const writeToken = (name: string) => Buffer.from(TOKEN + name).toString('base64')

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString('utf8')
  if (!text.startsWith(TOKEN)) throw invalidParameterValue('Invalid or expired NextToken value.')
  return text.slice(TOKEN.length)
}

import type { Call, Grant, InputOf, Operation, OperationName, OutputOf } from '../../protocol/operation.ts'
import type { ServiceModels } from '../door.ts'
import { requireSubscriptionArn, requireTopicArn, topicArn } from './arn.ts'
import { invalidParameter } from './errors.ts'
import type { Sns } from './service.ts'

export type SnsOperation<N extends OperationName<ServiceModels['sns']>> = Operation<
  InputOf<ServiceModels['sns'], N>,
  OutputOf<ServiceModels['sns'], N>,
  Sns
>

/** The usual permission: the action on the topic. */
export function topicGrant(
  action: string,
  call: Call<{ TopicArn?: string | undefined }>,
  context?: Grant['context'],
): Grant[] {
  return [
    { action: `sns:${action}`, resource: topicArn(requireTopicArn(call.input.TopicArn)), ...(context && { context }) },
  ]
}

/** Actions on a subscription are judged by its topic. */
export function subscriptionGrant(action: string, call: Call<{ SubscriptionArn?: string | undefined }>): Grant[] {
  return [{ action: `sns:${action}`, resource: topicArn(requireSubscriptionArn(call.input.SubscriptionArn)) }]
}

const PAGE_LENGTH = 100
const TOKEN = 'after:'

/** Up to 100 of the rows behind the token, and the token of the next page. */
export async function pageOf<R extends { readonly key: readonly string[] }>(
  rows: AsyncIterable<R>,
  token: string | undefined,
): Promise<{ rows: R[]; NextToken?: string }> {
  const after = token === undefined || token === '' ? undefined : readToken(token)
  const page: R[] = []
  for await (const row of rows) {
    if (after !== undefined && idOf(row.key) <= after) continue
    if (page.length === PAGE_LENGTH) {
      return { rows: page, NextToken: Buffer.from(TOKEN + idOf((page.at(-1) as R).key)).toString('base64') }
    }
    page.push(row)
  }
  return { rows: page }
}

/** Sorts as the keys do. */
const idOf = (key: readonly string[]) => key.join('\u0000')

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString('utf8')
  if (!text.startsWith(TOKEN)) throw invalidParameter('NextToken')
  return text.slice(TOKEN.length)
}

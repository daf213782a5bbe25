import type { Store } from '../../store/store.ts'
import { type Transaction, transact } from '../../store/transaction.ts'
import type { SubscriptionRef, TopicRef } from './arn.ts'
import { invalidParameter } from './errors.ts'
import { subscriptions, topics } from './tables.ts'
import { requireTopic, SUBSCRIPTIONS_MAX, topicKey } from './topics.ts'

/** Confirms the subscription that the token was sent for; again is fine. Throws NotFound and InvalidParameter. */
export async function confirm(
  store: Store,
  topic: TopicRef,
  token: string,
  needsSignedUnsubscribe: boolean,
): Promise<SubscriptionRef> {
  return transact(store, async (tx) => {
    await requireTopic(tx, topic)
    const key = topicKey(topic)
    // A token begins with the id of its subscription.
    const id = token.slice(0, ID_LENGTH)
    const row = await subscriptions.get(tx, [...key, id])
    if (row === undefined || (row.pendingToken !== null && row.pendingToken !== token)) {
      throw invalidParameter('Token')
    }
    if (row.pendingToken !== null) {
      subscriptions.put(tx, [...key, id], { ...row, pendingToken: null, needsSignedUnsubscribe })
    }
    return { ...topic, id }
  })
}

/** Length of a UUID. */
const ID_LENGTH = 36

/** Adds the end of a subscription to the commit; one that does not exist has ended. */
export async function endSubscription(tx: Transaction, ref: SubscriptionRef): Promise<void> {
  const key = [...topicKey(ref), ref.id] as const
  if ((await subscriptions.get(tx, key)) === undefined) return
  subscriptions.delete(tx, key)
  const topic = await topics.get(tx, topicKey(ref))
  if (topic !== undefined) topics.put(tx, topicKey(ref), { ...topic, deletedCount: topic.deletedCount + 1 })
}

/** Adds the end of a topic and all its subscriptions to the commit. */
export async function endTopic(tx: Transaction, ref: TopicRef): Promise<void> {
  const key = topicKey(ref)
  // Subscribe writes the topic's row too, so none can come in between.
  if ((await topics.get(tx, key)) === undefined) return
  for (const { key: subscription } of await subscriptions.list(tx, { prefix: key, limit: SUBSCRIPTIONS_MAX })) {
    subscriptions.delete(tx, subscription)
  }
  topics.delete(tx, key)
}

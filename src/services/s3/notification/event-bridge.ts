import type { NotificationRule } from './rule.ts'

/** What S3 sends to EventBridge: everything it raises but replication and lost copies. https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html */
const EVENTS = [
  's3:ObjectCreated:*',
  's3:ObjectRemoved:*',
  's3:ObjectRestore:*',
  's3:LifecycleExpiration:*',
  's3:LifecycleTransition',
  's3:IntelligentTiering',
  's3:ObjectTagging:*',
  's3:ObjectAcl:Put',
  's3:ObjectAnnotation:*',
  's3:ObjectRetention:Put',
]

/**
 * `<EventBridgeConfiguration/>` as a rule: every event of the bucket goes to the default bus of the bucket's account. AWS counts it as no rule, so
 * it overlaps with none and has no id of its own; the one here is for traces.
 */
export function eventBridgeRule(region: string, accountId: string): NotificationRule {
  const targetArn = `arn:aws:events:${region}:${accountId}:event-bus/default`
  return { id: 'EventBridge', targetArn, events: EVENTS, filter: null }
}

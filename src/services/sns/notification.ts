import type { MessageAttribute } from '../../delivery/delivery.ts'

/** A message of a topic, as its notifications tell it. */
export interface Published {
  readonly messageId: string
  readonly topicArn: string
  readonly subject: string | undefined
  readonly message: string
  readonly attributes: Readonly<Record<string, MessageAttribute>>
  readonly sequenceNumber: string | null
  readonly publishedMs: number
}

/**
 * Notifications are not signed: a signature says that a message comes from AWS, and here it does not. The members are there, because clients
 * read them, with a text that no verifier takes for a signature.
 */
const SIGNATURE = Buffer.from('Millrace does not sign notifications').toString('base64')
const SIGNATURE_VERSION = '1'

/** The JSON that queues and HTTP endpoints get, in the layout of AWS. https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
export function notificationJson(
  published: Published,
  links: { readonly signingCertUrl: string; readonly unsubscribeUrl: string },
): string {
  const attributes = printAttributes(published.attributes)
  return layOut({
    Type: 'Notification',
    MessageId: published.messageId,
    ...(published.sequenceNumber !== null && { SequenceNumber: published.sequenceNumber }),
    TopicArn: published.topicArn,
    ...(published.subject !== undefined && { Subject: published.subject }),
    Message: published.message,
    Timestamp: new Date(published.publishedMs).toISOString(),
    SignatureVersion: SIGNATURE_VERSION,
    Signature: SIGNATURE,
    SigningCertURL: links.signingCertUrl,
    UnsubscribeURL: links.unsubscribeUrl,
    ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
  })
}

/** What an HTTP endpoint gets first, and must answer by visiting the link or calling ConfirmSubscription. */
export function confirmationJson(confirmation: {
  readonly messageId: string
  readonly topicArn: string
  readonly token: string
  readonly subscribeUrl: string
  readonly signingCertUrl: string
  readonly atMs: number
}): string {
  const { topicArn } = confirmation
  return layOut({
    Type: 'SubscriptionConfirmation',
    MessageId: confirmation.messageId,
    Token: confirmation.token,
    TopicArn: topicArn,
    Message: `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: confirmation.subscribeUrl,
    Timestamp: new Date(confirmation.atMs).toISOString(),
    SignatureVersion: SIGNATURE_VERSION,
    Signature: SIGNATURE,
    SigningCertURL: confirmation.signingCertUrl,
  })
}

/** The event of a function. https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
export function lambdaEventJson(
  published: Published,
  subscriptionArn: string,
  links: { readonly signingCertUrl: string; readonly unsubscribeUrl: string },
): string {
  const notification = {
    Type: 'Notification',
    MessageId: published.messageId,
    TopicArn: published.topicArn,
    Subject: published.subject ?? null,
    Message: published.message,
    Timestamp: new Date(published.publishedMs).toISOString(),
    SignatureVersion: SIGNATURE_VERSION,
    Signature: SIGNATURE,
    SigningCertUrl: links.signingCertUrl,
    UnsubscribeUrl: links.unsubscribeUrl,
    MessageAttributes: printAttributes(published.attributes),
  }
  const record = {
    EventSource: 'aws:sns',
    EventVersion: '1.0',
    EventSubscriptionArn: subscriptionArn,
    Sns: notification,
  }
  return JSON.stringify({ Records: [record] })
}

function printAttributes(attributes: Published['attributes']): Record<string, { Type: string; Value: string }> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { Type: dataType, Value: stringValue ?? binaryValue ?? '' },
    ]),
  )
}

/** AWS writes a member a line, with spaces around the colon; some consumers look for exactly that. */
function layOut(members: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(members).map(([name, value]) => {
    if (typeof value === 'string') return `  ${JSON.stringify(name)} : ${JSON.stringify(value)}`
    const inner = Object.entries(value as object).map(
      ([key, part]) => `    ${JSON.stringify(key)} : ${JSON.stringify(part)}`,
    )
    return `  ${JSON.stringify(name)} : {\n${inner.join(',\n')}\n  }`
  })
  return `{\n${lines.join(',\n')}\n}`
}

import type { Store } from '../../store/store.ts'
import { transact } from '../../store/transaction.ts'
import { type SubscriptionRef, subscriptionArn } from './arn.ts'
import { confirm, endSubscription } from './confirm.ts'
import { requireSubscription } from './topics.ts'
import { requireSubscriptionArn, requireTopicArn } from './arn.ts'
import { AwsError } from '../../protocol/errors.ts'

/** Where the listener must route GET requests to {@link Links.open}. */
export const SNS_LINK_PATH = '/_millrace/sns/'

export interface LinkReply {
  readonly status: number
  readonly text: string
}

/**
 * The addresses inside notifications. Whoever got one may visit it without credentials: the token in it is the permission, and only the
 * endpoint has been told.
 */
export class Links {
  readonly #store: Store
  readonly #origin: () => string

  constructor(store: Store, origin: () => string) {
    this.#store = store
    this.#origin = origin
  }

  confirmation(topicArn: string, token: string): string {
    return this.#link('confirm', { TopicArn: topicArn, Token: token })
  }

  unsubscribe(arn: string, token: string): string {
    return this.#link('unsubscribe', { SubscriptionArn: arn, Token: token })
  }

  /** Notifications are not signed, so there is none: the address says so to whoever visits it. */
  certificate(): string {
    return `${this.#origin()}${SNS_LINK_PATH}certificate.pem`
  }

  /** Answers a visit; undefined for what is no link of this service. `target` is the raw request target. */
  async open(target: string): Promise<LinkReply | undefined> {
    if (!target.startsWith(SNS_LINK_PATH)) return undefined
    const url = new URL(target, 'http://localhost')
    const parameter = (name: string) => url.searchParams.get(name) ?? ''
    try {
      switch (url.pathname.slice(SNS_LINK_PATH.length)) {
        case 'confirm': {
          const ref = await confirm(this.#store, requireTopicArn(parameter('TopicArn')), parameter('Token'), false)
          return { status: 200, text: `Subscription confirmed: ${subscriptionArn(ref)}\n` }
        }
        case 'unsubscribe':
          return await this.#end(requireSubscriptionArn(parameter('SubscriptionArn')), parameter('Token'))
        case 'certificate.pem':
          return { status: 404, text: 'Millrace does not sign notifications, so there is no certificate.\n' }
        default:
          return { status: 404, text: 'No such page.\n' }
      }
    } catch (error) {
      if (error instanceof AwsError) return { status: error.status, text: `${error.message}\n` }
      throw error
    }
  }

  async #end(ref: SubscriptionRef, token: string): Promise<LinkReply> {
    return transact(this.#store, async (tx) => {
      const row = await requireSubscription(tx, ref)
      if (row.needsSignedUnsubscribe || row.unsubscribeToken !== token) {
        return { status: 403, text: 'This subscription can only be ended by a signed call of Unsubscribe.\n' }
      }
      await endSubscription(tx, ref)
      return { status: 200, text: `Subscription ended: ${subscriptionArn(ref)}\n` }
    })
  }

  #link(page: string, parameters: Readonly<Record<string, string>>): string {
    return `${this.#origin()}${SNS_LINK_PATH}${page}?${new URLSearchParams(parameters)}`
  }
}

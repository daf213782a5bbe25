import { createHash } from 'node:crypto'
import { type Caller, callerArn } from '../../protocol/caller.ts'

/** S3's id of an account: 64 hex digits. Derived, so that every server of an account says the same. */
export function canonicalUserId(accountId: string): string {
  return remembered(canonicalIds, accountId, () => sha256(`canonical user of ${accountId}`).toString('hex'))
}

const CUSTOMER_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The customer id that event messages name a bucket's owner by: `A` and 13 upper-case letters and digits. */
export function customerId(accountId: string): string {
  return remembered(customerIds, accountId, () => {
    const digits = Array.from(
      sha256(`customer of ${accountId}`).subarray(0, 13),
      (byte) => CUSTOMER_ALPHABET[byte % 36],
    )
    return `A${digits.join('')}`
  })
}

/** `userIdentity.principalId` of an event message. */
export function eventPrincipalId(caller: Caller): string {
  switch (caller.kind) {
    case 'root':
      return `AWS:${caller.accountId}`
    case 'user':
      return `AWS:${caller.userId}`
    case 'role':
      return `AWS:${caller.roleId}:${caller.sessionName}`
    case 'service':
      return caller.principal
    case 'anonymous':
      return 'Anonymous'
  }
}

/** Who began an upload: an ARN and a readable name for IAM principals, the canonical user for an account's root. */
export function initiatorOf(
  caller: Caller,
  ownerAccountId: string,
): { readonly ID: string; readonly DisplayName?: string } {
  switch (caller.kind) {
    case 'user':
      return { ID: caller.arn, DisplayName: caller.userName }
    case 'role':
      return { ID: caller.arn, DisplayName: `${caller.roleName}/${caller.sessionName}` }
    case 'root':
      return { ID: canonicalUserId(caller.accountId) }
    case 'service':
    case 'anonymous':
      return { ID: callerArn(caller) ?? canonicalUserId(ownerAccountId) }
  }
}

/** Accounts are few; the bound is for a caller who invents some. */
const REMEMBERED_MAX = 1000
const canonicalIds = new Map<string, string>()
const customerIds = new Map<string, string>()

function remembered(known: Map<string, string>, accountId: string, make: () => string): string {
  let id = known.get(accountId)
  if (id === undefined) {
    if (known.size >= REMEMBERED_MAX) known.clear()
    id = make()
    known.set(accountId, id)
  }
  return id
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

import type { Call, Grant } from '../../../protocol/operation.ts'
import { DAY_MS } from '../lifecycle/days.ts'
import { hasLockHeaders, type LockInput } from '../lock/lock.ts'
import { objectArn, type ObjectInput } from '../operation.ts'
import type { ObjectRow, Tags } from '../tables.ts'
import { parseTaggingHeader } from '../tags.ts'
import { type AclInput, hasGrantHeaders, type WriteOptionsInput } from './refusals.ts'

export type WriteInput = ObjectInput &
  WriteOptionsInput & {
    readonly Tagging?: string | undefined
    readonly IfMatch?: string | undefined
    readonly IfNoneMatch?: string | undefined
    readonly CopySource?: string | undefined
    readonly MetadataDirective?: string | undefined
  }

const ACL_CONTEXT_KEYS: readonly (readonly [keyof AclInput, string])[] = [
  ['ACL', 's3:x-amz-acl'],
  ['GrantFullControl', 's3:x-amz-grant-full-control'],
  ['GrantRead', 's3:x-amz-grant-read'],
  ['GrantReadACP', 's3:x-amz-grant-read-acp'],
  ['GrantWrite', 's3:x-amz-grant-write'],
  ['GrantWriteACP', 's3:x-amz-grant-write-acp'],
]

/** Condition key of a member, in the spelling of policies. Only what was sent is there. */
const CONTEXT_KEYS: readonly (readonly [keyof WriteInput, string])[] = [
  ['StorageClass', 's3:x-amz-storage-class'],
  ['ServerSideEncryption', 's3:x-amz-server-side-encryption'],
  ['SSEKMSKeyId', 's3:x-amz-server-side-encryption-aws-kms-key-id'],
  ['SSECustomerAlgorithm', 's3:x-amz-server-side-encryption-customer-algorithm'],
  ['WebsiteRedirectLocation', 's3:x-amz-website-redirect-location'],
  ['CopySource', 's3:x-amz-copy-source'],
  ['MetadataDirective', 's3:x-amz-metadata-directive'],
  ['IfMatch', 's3:if-match'],
  ['IfNoneMatch', 's3:if-none-match'],
]

/**
 * Permissions of a write to an object, with the condition keys of what the request says.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
export function writeGrants(call: Call<WriteInput>, options: { isCreation: boolean; copiedTags?: Tags }): Grant[] {
  const { input } = call
  const resource = objectArn(input.Bucket, input.Key)
  const context: Record<string, string | readonly string[]> = {
    's3:ObjectCreationOperation': String(options.isCreation),
  }
  for (const [member, key] of CONTEXT_KEYS) {
    const value = input[member]
    if (value !== undefined) context[key] = String(value)
  }
  const setsAcl = input.ACL !== undefined || hasGrantHeaders(input)
  if (setsAcl) Object.assign(context, aclContext(input))
  if (hasLockHeaders(input)) Object.assign(context, lockContext(input, call.nowMs))
  if (input.Tagging !== undefined) addRequestTags(context, parseTaggingHeader(input.Tagging) ?? [])
  const grants: Grant[] = [{ action: 's3:PutObject', resource, context }]
  if (setsAcl) grants.push({ action: 's3:PutObjectAcl', resource, context })
  const hasTags = input.Tagging !== undefined || (options.copiedTags ?? []).length > 0
  if (input.ObjectLockMode !== undefined || input.ObjectLockRetainUntilDate !== undefined) {
    grants.push({ action: 's3:PutObjectRetention', resource, context })
  }
  if (input.ObjectLockLegalHoldStatus !== undefined) grants.push({ action: 's3:PutObjectLegalHold', resource, context })
  if (hasTags) grants.push({ action: 's3:PutObjectTagging', resource, context })
  return grants
}

/** Condition keys of retention and legal hold. Days that remain are counted up. */
export function lockContext(input: LockInput, nowMs: number): Record<string, string> {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: legalHold } = input
  return {
    ...(mode !== undefined && { 's3:object-lock-mode': mode }),
    ...(until !== undefined && {
      's3:object-lock-retain-until-date': until.toISOString(),
      's3:object-lock-remaining-retention-days': String(Math.ceil((until.getTime() - nowMs) / DAY_MS)),
    }),
    ...(legalHold !== undefined && { 's3:object-lock-legal-hold': legalHold }),
  }
}

/** Condition keys of an ACL's headers. */
export function aclContext(input: AclInput): Record<string, string> {
  const context: Record<string, string> = {}
  for (const [member, key] of ACL_CONTEXT_KEYS) {
    const value = input[member]
    if (value !== undefined) context[key] = value
  }
  return context
}

export function addRequestTags(context: Record<string, string | readonly string[]>, tags: Tags): void {
  for (const [key, value] of tags) context[`s3:RequestObjectTag/${key}`] = value
  context['s3:RequestObjectTagKeys'] = tags.map(([key]) => key)
}

/** Condition keys of an object that exists: its tags. */
export function existingTags(row: ObjectRow | undefined): Record<string, string> | undefined {
  if (row?.tags === undefined) return undefined
  return Object.fromEntries(row.tags.map(([key, value]) => [`s3:ExistingObjectTag/${key}`, value]))
}

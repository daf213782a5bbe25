import type { Call } from '../../../protocol/operation.ts'
import type { Acl } from '../acl/acl.ts'
import { newObjectAcl } from '../acl/rules.ts'
import { type ChecksumAlgorithm, checksumOutput, digestsFor, fullChecksum, parseAlgorithm } from '../checksums.ts'
import { entityTooLargeToCopy, headerNotImplemented, invalidArgument, invalidRequest } from '../errors.ts'
import { expirationMember } from '../lifecycle/expiration.ts'
import { lockOfNew, type ObjectLock, requestedLock } from '../lock/lock.ts'
import { checkKey } from '../object-keys.ts'
import { storageClassOf } from '../objects/archived.ts'
import { commitVersion, keepOrDiscard } from '../objects/commit.ts'
import { parseCopySource } from '../objects/copy-source.ts'
import { writeGrants } from '../objects/grants.ts'
import { existingObjectGrant, takeInHand, type VersionInput } from '../objects/in-hand.ts'
import { copiedMetadata, metadataOf } from '../objects/metadata.ts'
import { checkCopySource, checkWrite, writeCondition } from '../objects/preconditions.ts'
import { refuseUnsupported } from '../objects/refusals.ts'
import { openSource, requireSource, sourceVersionMember } from '../objects/source.ts'
import { findObjectRow, newVersionMember } from '../objects/versions.ts'
import { requireBucket, type S3Input, type S3Operation } from '../operation.ts'
import type { S3 } from '../service.ts'
import { etagOf } from '../sse/cipher.ts'
import {
  type CustomerKey,
  customerKeyOf,
  encryptionOutput,
  keyCheckOf,
  newSalt,
  requireReadKey,
  sourceKeyOf,
} from '../sse/customer-key.ts'
import type { ObjectRow, SimpleBody } from '../tables.ts'
import { parseTaggingHeader } from '../tags.ts'
import { UPLOAD_BYTES_MAX } from '../body-store.ts'

type CopyCall = Call<S3Input<'CopyObject'>>

export const copyObject: S3Operation<'CopyObject'> = {
  async authorize(call, s3) {
    const source = parseCopySource(call.input.CopySource)
    const row = await takeInHand(call, s3, source)
    const copiedTags = call.input.TaggingDirective === 'REPLACE' ? [] : (row?.tags ?? [])
    return [
      existingObjectGrant(source, row, 's3:GetObject'),
      ...(copiedTags.length > 0 ? [existingObjectGrant(source, row, 's3:GetObjectTagging')] : []),
      ...writeGrants(call, { isCreation: true, copiedTags }),
    ]
  },

  async handle(call, s3) {
    const { input } = call
    checkKey(input.Key)
    refuseUnsupported(input)
    const key = customerKeyOf(input, call.http)
    const sourceKey = sourceKeyOf(input, call.http)
    const storage = storageClassOf(input)
    checkDirectives(call)
    const condition = writeCondition(input)
    const bucket = await requireBucket(call, s3)
    const source = parseCopySource(input.CopySource)
    const row = await requireSource(call, s3, source)
    requireReadKey(row.customerKey, sourceKey)
    checkCopySource(input, row, call.nowMs)
    if (row.size > UPLOAD_BYTES_MAX) throw entityTooLargeToCopy(UPLOAD_BYTES_MAX)
    if (isOntoItself(call, source) && bucket.row.encryption === null && !changesAnything(call)) {
      throw invalidRequest(ILLEGAL_COPY)
    }
    const algorithm =
      input.ChecksumAlgorithm === undefined ? row.checksum.algorithm : parseAlgorithm(input.ChecksumAlgorithm)
    const acl = newObjectAcl(bucket.row, call.caller, input)
    const nowMs = s3.clock.now()
    const lock = lockOfNew(bucket.row, requestedLock(bucket.row, input, nowMs), nowMs)
    const target = { call, source, condition, algorithm, acl, lock, storage, key, sourceKey }
    const copy = (await shareBody(s3, target, row)) ?? (await rewriteBody(s3, target, row))
    return {
      CopyObjectResult: {
        ETag: `"${copy.etag}"`,
        LastModified: new Date(copy.modifiedMs),
        ...checksumOutput(copy.checksum),
      },
      ...encryptionOutput(input),
      ...newVersionMember(copy),
      ...sourceVersionMember(s3, source, row),
      ...expirationMember(bucket, input.Key, copy),
    }
  },
}

const ILLEGAL_COPY =
  "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."

interface Target {
  readonly call: CopyCall
  readonly source: VersionInput
  readonly condition: ReturnType<typeof writeCondition>
  readonly algorithm: ChecksumAlgorithm
  readonly acl: Acl | undefined
  readonly lock: ObjectLock
  readonly storage: ReturnType<typeof storageClassOf>
  readonly key: CustomerKey | undefined
  readonly sourceKey: CustomerKey | undefined
}

class SourceChanged extends Error {}

/**
 * The quick way: bodies never change, so the copy holds the same one, if nothing has to be computed from the bytes. Undefined when it does,
 * or when the source has changed since it was read (then its body may have lost its last holder).
 */
async function shareBody(s3: S3, target: Target, row: ObjectRow): Promise<ObjectRow | undefined> {
  const { body, checksum, etag, size } = row
  const { call, source, algorithm, key } = target
  if (key !== undefined || row.customerKey !== undefined) return undefined
  if (body.kind !== 'blob' || checksum.algorithm !== algorithm || checksum.type !== 'FULL_OBJECT') return undefined
  try {
    return await commitCopy(s3, target, row, { etag, size, checksum }, async (tx) => {
      const now = (await findObjectRow(tx, source.Bucket, source.Key, source.VersionId))?.row
      if (now?.body.kind !== 'blob' || now.body.id !== body.id) throw new SourceChanged()
      return s3.bodies.share(tx, body.id, call.requestId)
    })
  } catch (error) {
    if (error instanceof SourceChanged) return undefined
    throw error
  }
}

async function rewriteBody(s3: S3, target: Target, row: ObjectRow): Promise<ObjectRow> {
  const { call, source, algorithm, key, sourceKey } = target
  const opened = await openSource(call, s3, source, row, {
    rangeOf: ({ size }) => ({ start: 0, end: size - 1 }),
    key: sourceKey,
  })
  const secret = key && { key: key.key, salt: newSalt() }
  const received = await s3.bodies.receive(opened.bytes, digestsFor(algorithm), secret)
  const { size, digests } = received
  const content = {
    etag: etagOf(digests, secret),
    size,
    checksum: fullChecksum(algorithm, digests),
    ...(key && secret && { customerKey: keyCheckOf(key, secret.salt) }),
  }
  return keepOrDiscard(s3, received, () =>
    commitCopy(s3, target, opened.row, content, (tx) => s3.bodies.attach(tx, received, call.requestId)),
  )
}

function commitCopy(
  s3: S3,
  { call, condition, acl, lock, storage }: Target,
  source: ObjectRow,
  content: Pick<ObjectRow, 'etag' | 'size' | 'checksum' | 'customerKey'>,
  attach: (tx: Parameters<Parameters<typeof commitVersion>[2]['attach']>[0]) => SimpleBody | Promise<SimpleBody>,
): Promise<ObjectRow> {
  const { input } = call
  const tags = input.TaggingDirective === 'REPLACE' ? parseTaggingHeader(input.Tagging) : source.tags
  return commitVersion(s3, call, {
    bucket: input.Bucket,
    key: input.Key,
    event: 'ObjectCreated:Copy',
    row: {
      ...content,
      metadata: input.MetadataDirective === 'REPLACE' ? metadataOf(input) : copiedMetadata(source.metadata, input),
      ...(tags !== undefined && { tags }),
      ...(acl !== undefined && { acl }),
      ...lock,
      ...storage,
    },
    check: (current) => checkWrite(condition, input.Key, current),
    attach,
  })
}

/** An older version that is copied onto its key becomes the current one. */
function isOntoItself({ input }: CopyCall, source: VersionInput): boolean {
  return source.Bucket === input.Bucket && source.Key === input.Key && source.VersionId === undefined
}

/** An ACL, or tags, alone do not count. */
function changesAnything({ input }: CopyCall): boolean {
  return (
    input.MetadataDirective === 'REPLACE' ||
    input.ServerSideEncryption !== undefined ||
    input.SSECustomerAlgorithm !== undefined ||
    input.StorageClass !== undefined ||
    input.WebsiteRedirectLocation !== undefined
  )
}

function checkDirectives({ input }: CopyCall): void {
  const metadata: string | undefined = input.MetadataDirective
  if (metadata !== undefined && metadata !== 'COPY' && metadata !== 'REPLACE') {
    throw invalidArgument('Unknown metadata directive.', 'x-amz-metadata-directive', metadata)
  }
  const tagging: string | undefined = input.TaggingDirective
  if (tagging !== undefined && tagging !== 'COPY' && tagging !== 'REPLACE') {
    throw invalidArgument('Unknown tagging directive.', 'x-amz-tagging-directive', tagging)
  }
  // Objects here have no annotations, so both ways of copying them come to the same.
  const annotations: string | undefined = input.AnnotationDirective
  if (annotations !== undefined && annotations !== 'COPY' && annotations !== 'EXCLUDE') {
    throw headerNotImplemented('x-amz-object-annotation-directive')
  }
}

import { createHash } from 'node:crypto'
import { randomText } from '../../../std/ids.ts'
import type { Reader } from '../../../store/table.ts'
import { noSuchUpload } from '../errors.ts'
import type { S3 } from '../service.ts'
import { parts, type PartRow, type UploadRow, uploads } from '../tables.ts'
import type { ObjectInput } from '../operation.ts'
import type { ChecksumAlgorithm } from '../checksums.ts'
import { DEFAULT_ALGORITHM } from '../checksums.ts'

export interface UploadInput extends ObjectInput {
  readonly UploadId: string
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._'
const TIME_DIGITS = 11
const MARK_DIGITS = 12
const RANDOM_LENGTH = 64

/**
 * Begins with the time, so that ids sort as their uploads began, and then with a mark of the key, so that an id can be told from
 * those of other keys when its upload has ended. Clients must not care.
 */
export function newUploadId(nowMs: number, bucket: string, key: string): string {
  return nowMs.toString(16).padStart(TIME_DIGITS, '0') + keyMark(bucket, key) + randomText(ALPHABET, RANDOM_LENGTH)
}

/** Whether the id was made for this key; says nothing of whether the upload is still open. */
export function isUploadIdOf(uploadId: string, bucket: string, key: string): boolean {
  return uploadId.slice(TIME_DIGITS, TIME_DIGITS + MARK_DIGITS) === keyMark(bucket, key)
}

function keyMark(bucket: string, key: string): string {
  return createHash('sha256').update(`${bucket}/${key}`).digest('hex').slice(0, MARK_DIGITS)
}

/** Throws NoSuchUpload: never begun, ended, or of another key. */
export async function requireUpload(reader: Reader, { Bucket, Key, UploadId }: UploadInput): Promise<UploadRow> {
  const upload = await uploads.get(reader, [Bucket, Key, UploadId])
  if (upload === undefined) throw noSuchUpload(UploadId)
  return upload
}

/** What every part is digested with. */
export function partAlgorithm(upload: UploadRow): ChecksumAlgorithm {
  return upload.checksum?.algorithm ?? DEFAULT_ALGORITHM
}

/** The parts that count, by ascending number: of those uploaded again, the last. */
export async function currentParts(
  s3: S3,
  uploadId: string,
  afterNumber = 0,
  limit = Number.POSITIVE_INFINITY,
): Promise<PartRow[]> {
  const found: PartRow[] = []
  const pageSize = 1000
  let after: readonly [string, number, string] = [uploadId, afterNumber, LAST_SEQUENCE]
  for (;;) {
    const rows = await parts.list(s3.store, { prefix: [uploadId], after, limit: pageSize })
    for (const { value } of rows) {
      if (found.at(-1)?.number === value.number) found.pop()
      else if (found.length > limit) return found
      found.push(value)
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return found
    after = last.key
  }
}

/** Sorts after every sequence, which are hex digits. */
const LAST_SEQUENCE = '~'

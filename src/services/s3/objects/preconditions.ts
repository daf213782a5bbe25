import { headerNotImplemented, noSuchKey, preconditionFailed } from '../errors.ts'
import type { ObjectRow } from '../tables.ts'

export interface ReadConditions {
  readonly IfMatch?: string | undefined
  readonly IfNoneMatch?: string | undefined
  readonly IfModifiedSince?: Date | undefined
  readonly IfUnmodifiedSince?: Date | undefined
}

type Target = Pick<ObjectRow, 'etag' | 'modifiedMs'>

/** Throws 412; `not-modified` is to be answered 304. Evaluated before ranges. */
export function checkRead(conditions: ReadConditions, row: Target, nowMs: number): 'pass' | 'not-modified' {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions
  if (IfMatch !== undefined) {
    if (!matchesEtag(IfMatch, row.etag)) throw preconditionFailed('If-Match')
  } else if (IfUnmodifiedSince !== undefined && row.modifiedMs > IfUnmodifiedSince.getTime()) {
    throw preconditionFailed('If-Unmodified-Since')
  }
  // A date that has no etag beside it decides alone; beside one that differs it still may (S3 deviates from RFC 9110 here).
  if (IfNoneMatch !== undefined && matchesEtag(IfNoneMatch, row.etag)) return 'not-modified'
  if (IfModifiedSince === undefined) return 'pass'
  const sinceMs = IfModifiedSince.getTime()
  return sinceMs <= nowMs && row.modifiedMs <= sinceMs ? 'not-modified' : 'pass'
}

export interface CopyConditions {
  readonly CopySourceIfMatch?: string | undefined
  readonly CopySourceIfNoneMatch?: string | undefined
  readonly CopySourceIfModifiedSince?: Date | undefined
  readonly CopySourceIfUnmodifiedSince?: Date | undefined
}

/** A copy is refused where a read would be answered 304. */
export function checkCopySource(conditions: CopyConditions, row: Target, nowMs: number): void {
  const ifMatch = conditions.CopySourceIfMatch
  const ifNoneMatch = conditions.CopySourceIfNoneMatch
  const modifiedSince = conditions.CopySourceIfModifiedSince
  const unmodifiedSince = conditions.CopySourceIfUnmodifiedSince
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, row.etag)) throw preconditionFailed('x-amz-copy-source-If-Match')
  } else if (unmodifiedSince !== undefined && row.modifiedMs > unmodifiedSince.getTime()) {
    throw preconditionFailed('x-amz-copy-source-If-Unmodified-Since')
  }
  if (ifNoneMatch !== undefined && matchesEtag(ifNoneMatch, row.etag)) {
    throw preconditionFailed('x-amz-copy-source-If-None-Match')
  }
  if (modifiedSince !== undefined && modifiedSince.getTime() <= nowMs && row.modifiedMs <= modifiedSince.getTime()) {
    throw preconditionFailed('x-amz-copy-source-If-Modified-Since')
  }
}

/** What a write demands of the current version; undefined when nothing. */
export type WriteCondition = { readonly kind: 'absent' } | { readonly kind: 'etag'; readonly etag: string }

/** Throws 501 for the forms S3 does not take. */
export function writeCondition(input: {
  readonly IfMatch?: string | undefined
  readonly IfNoneMatch?: string | undefined
}): WriteCondition | undefined {
  const { IfMatch, IfNoneMatch } = input
  if (IfMatch === undefined && IfNoneMatch === undefined) return undefined
  if (IfMatch !== undefined && IfNoneMatch !== undefined) {
    throw headerNotImplemented('If-Match,If-None-Match', 'Multiple conditional request headers present in the request')
  }
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch.trim() !== '*') throw unacceptable('If-None-Match')
    return { kind: 'absent' }
  }
  const etag = unquoted(IfMatch as string)
  if (etag === '*') throw unacceptable('If-Match')
  return { kind: 'etag', etag }
}

/** Throws 412, or 404 for `If-Match` on a key that is not there. */
export function checkWrite(condition: WriteCondition | undefined, key: string, current: Target | undefined): void {
  if (condition === undefined) return
  if (condition.kind === 'absent') {
    if (current !== undefined) throw preconditionFailed('If-None-Match')
  } else {
    if (current === undefined) throw noSuchKey(key)
    if (current.etag !== condition.etag) throw preconditionFailed('If-Match')
  }
}

export function unquoted(etag: string): string {
  const text = etag.trim()
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}

/** A list of etags, with or without quotes, or `*`. */
export function matchesEtag(header: string, etag: string): boolean {
  if (!header.includes(',')) {
    const one = unquoted(header.replace(/^\s*W\//, ''))
    return one === '*' || one === etag
  }
  return header.split(',').some((one) => matchesEtag(one, etag))
}

function unacceptable(header: 'If-Match' | 'If-None-Match') {
  return headerNotImplemented(header, `We don't accept the provided value of ${header} header for this API`)
}

import type { HttpInfo } from '../../protocol/operation.ts'
import { invalidRequest } from './errors.ts'

/** Some documents must come with a checksum, in a header or behind the body. Throws InvalidRequest. */
export function requireIntegrityHeader(http: HttpInfo | undefined): void {
  if (http === undefined || http.headers['content-md5'] !== undefined) return
  const names = Object.keys(http.headers)
  if (names.some((name) => name.startsWith('x-amz-checksum-'))) return
  if (http.headers['x-amz-trailer']?.toLowerCase().includes('x-amz-checksum-')) return
  throw invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
}

import type { HttpInfo } from '../../protocol/operation.ts'

/** Where the client may get the object: as it addressed the bucket. */
export function objectLocation(http: HttpInfo | undefined, bucket: string, key: string): string {
  const host = http?.host ?? 's3.amazonaws.com'
  const path = key.split('/').map(encodeURIComponent).join('/')
  return host.startsWith(`${bucket}.`) ? `http://${host}/${path}` : `http://${host}/${bucket}/${path}`
}

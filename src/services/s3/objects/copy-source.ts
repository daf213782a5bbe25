import { invalidArgument } from '../errors.ts'
import type { VersionInput } from './in-hand.ts'

const invalid = () => invalidArgument('Invalid copy source object key', 'x-amz-copy-source')

/** Reads `x-amz-copy-source`: `[/]bucket/key[?versionId=…]`, percent-encoded. */
export function parseCopySource(text: string): VersionInput {
  const at = text.lastIndexOf('?versionId=')
  const path = at === -1 ? text : text.slice(0, at)
  const versionId = at === -1 ? undefined : decode(text.slice(at + '?versionId='.length))
  const decoded = decode(path.startsWith('/') ? path.slice(1) : path)
  const slash = decoded.indexOf('/')
  if (slash < 1 || slash === decoded.length - 1) throw invalid()
  return {
    Bucket: decoded.slice(0, slash),
    Key: decoded.slice(slash + 1),
    ...(versionId !== undefined && versionId !== '' && { VersionId: versionId }),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid()
  }
}

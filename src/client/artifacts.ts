import type { Artifact } from './package/template.ts'
import { query } from './query.ts'
import { type ClientConnection, RefusedError, send } from './send.ts'

/** The bucket of an account for what deployments bring along, where the user names no other. */
export async function artifactBucket(connection: ClientConnection, signal?: AbortSignal): Promise<string> {
  const identity = await query(connection, 'sts', 'GetCallerIdentity', {}, signal)
  return `millrace-artifacts-${identity.text('Account')}-${connection.region}`
}

/** Puts into the bucket what is not there yet, and makes the bucket first. Returns how many objects were sent. */
export async function uploadArtifacts(
  connection: ClientConnection,
  bucket: string,
  artifacts: readonly Artifact[],
  signal?: AbortSignal,
): Promise<number> {
  if (artifacts.length === 0) return 0
  const bucketPath = `/${bucket}`
  if (!(await isThere(connection, bucketPath, signal)))
    await send(connection, 's3', { method: 'PUT', path: bucketPath }, signal)
  let sent = 0
  for (const { key, bytes } of artifacts) {
    const path = `/${bucket}/${key}`
    if (await isThere(connection, path, signal)) continue
    await send(connection, 's3', { method: 'PUT', path, body: bytes() }, signal)
    sent += 1
  }
  return sent
}

async function isThere(connection: ClientConnection, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await send(connection, 's3', { method: 'HEAD', path }, signal)
    return true
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return false
    throw error
  }
}

import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBuffer, randomHex } from './std/ids.ts'
import { MASTER_KEY_BYTES, MasterKey } from './std/master-key.ts'

export interface RootCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What a running server leaves in its data directory for clients on the same machine. */
export interface Announcement {
  readonly endpoint: string
  readonly secureEndpoint?: string
  /** Certificate of the server's own, which clients of `secureEndpoint` must be told to trust. */
  readonly certificatePath?: string | null
  readonly region: string
  readonly accountId: string
  readonly pid: number
}

const CREDENTIALS_FILE = 'credentials.json'
const MASTER_KEY_FILE = 'master-key'
const ANNOUNCEMENT_FILE = 'server.json'

/**
 * Opens the data directory, made on first use and closed to other users (0700, files 0600). Returns the master key, from which the server
 * derives what it seals for itself; without it the secrets in the store cannot be read.
 */
export async function openDataDirectory(dataPath: string): Promise<MasterKey> {
  await mkdir(dataPath, { recursive: true, mode: 0o700 })
  await chmod(dataPath, 0o700)
  const keyPath = join(dataPath, MASTER_KEY_FILE)
  const kept = await readIfThere(keyPath)
  const bytes = kept === undefined ? randomBuffer(MASTER_KEY_BYTES) : Buffer.from(kept.trim(), 'hex')
  if (bytes.length !== MASTER_KEY_BYTES)
    throw new Error(`${keyPath} is damaged: expected ${MASTER_KEY_BYTES * 2} hex digits`)
  if (kept === undefined) await writeDurably(keyPath, `${bytes.toString('hex')}\n`)
  return new MasterKey(bytes)
}

/** The master key of a server that keeps nothing. */
export function newMasterKey(): MasterKey {
  return new MasterKey(randomBuffer(MASTER_KEY_BYTES))
}

/** Leaves the root credentials where clients of this user find them. */
export async function leaveCredentials(dataPath: string, root: RootCredentials): Promise<void> {
  const kept = await readCredentials(dataPath)
  if (kept !== undefined && sameCredentials(kept, root)) return
  await writeDurably(join(dataPath, CREDENTIALS_FILE), `${JSON.stringify(root, null, 2)}\n`)
}

/** Root credentials a server has left in its data directory; undefined where none has run. */
export async function readCredentials(dataPath: string): Promise<RootCredentials | undefined> {
  const text = await readIfThere(join(dataPath, CREDENTIALS_FILE))
  return text === undefined ? undefined : (JSON.parse(text) as RootCredentials)
}

/** Where the server of this directory listens; undefined while none runs (a killed one may have left its word behind). */
export async function readAnnouncement(dataPath: string): Promise<Announcement | undefined> {
  const text = await readIfThere(join(dataPath, ANNOUNCEMENT_FILE))
  return text === undefined ? undefined : (JSON.parse(text) as Announcement)
}

export async function announce(dataPath: string, announcement: Announcement): Promise<void> {
  await writeDurably(join(dataPath, ANNOUNCEMENT_FILE), `${JSON.stringify(announcement, null, 2)}\n`)
}

export async function withdrawAnnouncement(dataPath: string): Promise<void> {
  await rm(join(dataPath, ANNOUNCEMENT_FILE), { force: true })
}

function sameCredentials(one: RootCredentials, other: RootCredentials): boolean {
  return one.accessKeyId === other.accessKeyId && one.secretAccessKey === other.secretAccessKey
}

/** A crash leaves the old content or the new, never half of it. */
async function writeDurably(path: string, content: string): Promise<void> {
  const draftPath = `${path}.${randomHex(4)}`
  const file = await open(draftPath, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draftPath, path)
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { randomHex, randomText } from './std/ids.ts'

export interface RootCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** What the first start of a server makes, and every later one finds again. */
export interface ServerSecrets {
  readonly root: RootCredentials
  /** Derives what the server signs or encrypts for itself: session tokens. 32 bytes. */
  readonly masterKey: Buffer
}

/** What a running server leaves in its data directory for clients on the same machine. */
export interface Announcement {
  readonly endpoint: string
  readonly region: string
  readonly accountId: string
  readonly pid: number
}

const MASTER_KEY_BYTES = 32
const CREDENTIALS_FILE = 'credentials.json'
const MASTER_KEY_FILE = 'master-key'
const ANNOUNCEMENT_FILE = 'server.json'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Secrets of a server that keeps nothing. */
export function newSecrets(configured: RootCredentials | null): ServerSecrets {
  return {
    root: configured ?? { accessKeyId: `AKIA${randomText(BASE32, 16)}`, secretAccessKey: randomText(BASE64, 40) },
    masterKey: Buffer.from(randomHex(MASTER_KEY_BYTES), 'hex'),
  }
}

/**
 * Opens the data directory, made on first use and closed to other users (0700, files 0600). Configured credentials replace the kept
 * ones, so that clients which read the file find what the server accepts.
 */
export async function openDataDirectory(dataPath: string, configured: RootCredentials | null): Promise<ServerSecrets> {
  await mkdir(dataPath, { recursive: true, mode: 0o700 })
  await chmod(dataPath, 0o700)
  const fresh = newSecrets(configured)
  const keptRoot = await readCredentials(dataPath)
  if (keptRoot === undefined || (configured !== null && !sameCredentials(configured, keptRoot))) {
    await writeDurably(join(dataPath, CREDENTIALS_FILE), `${JSON.stringify(fresh.root, null, 2)}\n`)
  }
  const keptKey = await readIfThere(join(dataPath, MASTER_KEY_FILE))
  if (keptKey === undefined) await writeDurably(join(dataPath, MASTER_KEY_FILE), `${fresh.masterKey.toString('hex')}\n`)
  const masterKey = keptKey === undefined ? fresh.masterKey : Buffer.from(keptKey.trim(), 'hex')
  if (masterKey.length !== MASTER_KEY_BYTES) throw new Error(`${join(dataPath, MASTER_KEY_FILE)} is damaged: expected 64 hex digits`)
  return { root: configured ?? keptRoot ?? fresh.root, masterKey }
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

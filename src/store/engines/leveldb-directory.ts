import { open, readdir, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { StoreCorruptError, StoreFormatError, StoreLockedError } from '../store.ts'

export type Database = ClassicLevel<Uint8Array, Buffer>

/** Format of the directory as a whole: how keys, versions and values lie in it. Values carry their own markers (table.ts). */
export const DIRECTORY_FORMAT = 1

/** Below every key of a table (limits.ts, FIRST_KEY_BYTE). */
const FORMAT_KEY = Buffer.from('\0format', 'latin1')

/** Two of them may be in memory, and as much is replayed at a start after a crash: 4 MiB compacts too often under load. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024
const BLOCK_CACHE_BYTES = 16 * 1024 * 1024

/** Opening replays the log into a table file; so much must be free before that is tried after the disk was full. */
export const REOPEN_BYTES_MIN = 2 * WRITE_BUFFER_BYTES

/** Opens or creates the database. Throws {@link StoreLockedError}, {@link StoreFormatError} or {@link StoreCorruptError}. */
export async function openDatabase(path: string): Promise<Database> {
  const isNew = await isEmptyDirectory(path)
  const database: Database = new ClassicLevel(path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: BLOCK_CACHE_BYTES,
  })
  try {
    await database.open()
  } catch (error) {
    throw explainOpenError(path, error)
  }
  try {
    if (isNew) await markFormat(path, database)
    else await checkFormat(path, database)
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}

/** Whether reopening has the room it needs. Quotas do not show here; then reopening fails and is tried again. */
export async function hasRoomToReopen(path: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(path)
  return bavail * bsize >= REOPEN_BYTES_MIN
}

async function isEmptyDirectory(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}

async function markFormat(path: string, database: Database): Promise<void> {
  await database.put(FORMAT_KEY, Buffer.from(String(DIRECTORY_FORMAT)), { sync: true })
  // LevelDB syncs its own directory; that the directory itself exists is for us to make durable.
  const parent = await open(dirname(resolve(path)), 'r')
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}

async function checkFormat(path: string, database: Database): Promise<void> {
  const marker = await database.get(FORMAT_KEY)
  if (marker === undefined) {
    const [first] = await database.keys({ limit: 1 }).all()
    // A crash between creating the directory and marking it leaves an empty database.
    if (first === undefined) return markFormat(path, database)
    throw new StoreFormatError(`${path} is a LevelDB directory of another program: it has no format marker`)
  }
  const format = Number(marker.toString())
  if (format === DIRECTORY_FORMAT) return
  throw new StoreFormatError(
    `${path} has format ${marker.toString()}, this version knows format ${DIRECTORY_FORMAT}: use the version that wrote it or a newer one`,
  )
}

function explainOpenError(path: string, error: unknown): unknown {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'LEVEL_LOCKED') {
    return new StoreLockedError(`${path} is in use by another process: stop it, or choose another data directory`, {
      cause,
    })
  }
  if (code === 'LEVEL_CORRUPTION' || /corrupt|missing files|No such file/i.test((cause as Error).message)) {
    return new StoreCorruptError(`${path} is damaged (${(cause as Error).message}): restore it from a backup`, {
      cause,
    })
  }
  return cause
}

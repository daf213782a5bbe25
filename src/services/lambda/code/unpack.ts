import { mkdir, open, realpath, symlink } from 'node:fs/promises'
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import type { AwsError } from '../../../protocol/errors.ts'
import { invalidParameterValue } from '../errors.ts'
import { type Entry, fromBuffer, type ZipFile } from './yauzl.ts'

/** Code and layers together, unpacked: AWS's limit. */
export const UNZIPPED_MAX_BYTES = 262_144_000
/** More files than any package has; each costs a file system entry and a sync. */
const ENTRY_COUNT_MAX = 100_000
const SYMLINK_TARGET_MAX_BYTES = 4096
/** Files written at one time while the next are being inflated. */
const WRITES_MAX = 16

const FILE_TYPE_MASK = 0o170000
const SYMLINK_TYPE = 0o120000
const MADE_BY_UNIX = 3

/** Members of a package in the order of its directory, checked before anything is written. */
export interface Package extends Disposable {
  readonly unzippedBytes: number
  /** Writes every file below `path`, which must exist and be empty. All data is on disk when this resolves. */
  unpack(path: string): Promise<void>
}

/** Reads the directory of a zip. Throws AWS's InvalidParameterValueException for what is no package, empty, too large or hostile. */
export async function openPackage(zip: Buffer): Promise<Package> {
  const file = await openZip(zip)
  const entries = await listEntries(file)
  if (!entries.some((entry) => !isDirectory(entry)))
    throw invalidParameterValue('Uploaded file must be a non-empty zip')
  let unzippedBytes = 0
  for (const entry of entries) {
    if (entry.isEncrypted() || !isInside(entry.fileName)) throw notUnzippable()
    unzippedBytes += entry.uncompressedSize
  }
  if (unzippedBytes > UNZIPPED_MAX_BYTES) {
    throw invalidParameterValue(`Unzipped size must be smaller than ${UNZIPPED_MAX_BYTES} bytes`)
  }
  return { unzippedBytes, unpack: (path) => unpackEntries(file, entries, path), [Symbol.dispose]: () => file.close() }
}

export function notUnzippable(): AwsError {
  return invalidParameterValue('Could not unzip uploaded file. Please check your file, then try to upload again.')
}

function openZip(zip: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true }, (error, file) => (error ? reject(notUnzippable()) : resolve(file)))
  })
}

/** yauzl refuses absolute names, `..` and backslashes itself: its error is the client's. */
function listEntries(file: ZipFile): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = []
    file.on('entry', (entry) => {
      entries.push(entry)
      if (entries.length > ENTRY_COUNT_MAX) reject(notUnzippable())
      else file.readEntry()
    })
    file.on('end', () => resolve(entries))
    file.on('error', () => reject(notUnzippable()))
    file.readEntry()
  })
}

/**
 * Links are made last, so that no file is ever written through one, and each must lead to a place inside the package.
 */
async function unpackEntries(file: ZipFile, entries: readonly Entry[], root: string): Promise<void> {
  const directories = new Set([root])
  const links: Entry[] = []
  const writes = new Set<Promise<unknown>>()
  const failures: unknown[] = []
  const ensureDirectory = async (path: string) => {
    if (directories.has(path)) return
    await mkdir(path, { recursive: true, mode: 0o755 })
    for (let at = path; !directories.has(at); at = dirname(at)) directories.add(at)
  }
  try {
    for (const entry of entries) {
      const path = join(root, entry.fileName)
      if (isDirectory(entry)) await ensureDirectory(path.replace(/\/+$/, ''))
      else if (isSymlink(entry)) links.push(entry)
      else {
        await ensureDirectory(dirname(path))
        const content = await readEntry(file, entry)
        const write = writeDurably(path, content, fileMode(entry))
          .catch((error: unknown) => failures.push(error))
          .finally(() => writes.delete(write))
        writes.add(write)
        if (writes.size >= WRITES_MAX) await Promise.race(writes)
      }
    }
    await Promise.all(writes)
    // Each write ends in its own time, so what went wrong is kept and not only awaited.
    if (failures.length > 0) throw failures[0]
    for (const entry of links) await makeLink(file, entry, root, ensureDirectory)
    for (const entry of links) await assertLinkStaysInside(join(root, entry.fileName), root)
    for (const path of directories) await syncDirectory(path)
  } catch (error) {
    await Promise.allSettled(writes)
    throw isClientsFault(error) ? notUnzippable() : error
  }
}

async function makeLink(
  file: ZipFile,
  entry: Entry,
  root: string,
  ensureDirectory: (path: string) => Promise<void>,
): Promise<void> {
  if (entry.uncompressedSize > SYMLINK_TARGET_MAX_BYTES) throw notUnzippable()
  const path = join(root, entry.fileName)
  const target = (await readEntry(file, entry)).toString('utf8')
  if (target === '' || target.includes('\0') || isAbsolute(target) || !isBelow(join(dirname(path), target), root)) {
    throw notUnzippable()
  }
  await ensureDirectory(dirname(path))
  await symlink(target, path)
}

/** A chain of links may leave the package although each target looks harmless by itself. */
async function assertLinkStaysInside(path: string, root: string): Promise<void> {
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    // A link to nothing is allowed: npm leaves some.
    if (error.code === 'ENOENT') return undefined
    throw notUnzippable()
  })
  if (real !== undefined && !isBelow(real, await realpath(root))) throw notUnzippable()
}

async function readEntry(file: ZipFile, entry: Entry): Promise<Buffer> {
  const stream = await new Promise<Readable>((resolve, reject) => {
    file.openReadStream(entry, (error, opened) => (error ? reject(notUnzippable()) : resolve(opened)))
  })
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer)
  } catch {
    throw notUnzippable()
  }
  return Buffer.concat(chunks)
}

async function writeDurably(path: string, content: Buffer, mode: number): Promise<void> {
  await using file = await open(path, 'w', mode)
  await file.writeFile(content)
  // The umask may have taken bits that the package wants.
  await file.chmod(mode)
  await file.datasync()
}

export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r')
  await directory.sync()
}

function isDirectory(entry: Entry): boolean {
  return entry.fileName.endsWith('/')
}

function isSymlink(entry: Entry): boolean {
  return isMadeByUnix(entry) && (unixMode(entry) & FILE_TYPE_MASK) === SYMLINK_TYPE
}

/** Modes that were packed on Unix are kept; packers elsewhere store none, and files must be readable. */
function fileMode(entry: Entry): number {
  const mode = unixMode(entry) & 0o777
  return isMadeByUnix(entry) && mode !== 0 ? mode : 0o644
}

function isMadeByUnix(entry: Entry): boolean {
  return entry.versionMadeBy >>> 8 === MADE_BY_UNIX
}

function unixMode(entry: Entry): number {
  return entry.externalFileAttributes >>> 16
}

function isInside(name: string): boolean {
  return !name.includes('\0') && !isAbsolute(name) && !normalize(name).split(sep).includes('..')
}

function isBelow(path: string, root: string): boolean {
  const inner = relative(root, path)
  return inner === '' || (!isAbsolute(inner) && inner.split(sep)[0] !== '..')
}

/** A name that is a file here and a directory there, a name too long: the package is wrong, not the disk. */
function isClientsFault(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  return ['EISDIR', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG', 'EINVAL'].includes(code)
}

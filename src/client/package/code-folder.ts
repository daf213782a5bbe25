import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { zipSync, type Zippable } from 'fflate'
import ignore, { type Ignore } from 'ignore'

/** Rules in the syntax of `.gitignore`, in the root of a code folder: what stays out of the package. */
const IGNORE_FILE = '.millraceignore'
/** What no function needs, and what must not leave the machine by accident. */
const ALWAYS_IGNORED = [
  '.git/',
  '.millrace/',
  '.aws-sam/',
  '__pycache__/',
  '.pytest_cache/',
  '.DS_Store',
  '.env',
  IGNORE_FILE,
]
/** The limit of Lambda for unpacked code, in bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const UNPACKED_BYTES_MAX = 250 * 1024 * 1024
/** An archive counts its files in 16 bits. */
const FILE_COUNT_MAX = 65_535
/** Zip stores times in the zone of who packs; a fixed one makes equal folders equal archives. The format begins in 1980. */
const PACKED_AT = '1980-01-01T12:00:00'
const UNIX = 3

/** A package that is ready to be uploaded. */
export interface PackedCode {
  /** Hex SHA-256 of what is in it: names, modes and contents. Equal for equal folders. */
  readonly digest: string
  zip(): Uint8Array
}

/** The code cannot be packed; the message is for its author. */
export class PackageError extends Error {
  /** Absolute paths of what had been read or looked for: a change of one of them may mend it. */
  paths: readonly string[] = []
}

interface CodeFile {
  /** With forward slashes, relative to the folder. */
  readonly name: string
  readonly bytes: Buffer
  readonly isExecutable: boolean
}

interface FoundFile {
  readonly name: string
  readonly path: string
  readonly byteCount: number
  readonly isExecutable: boolean
}

/**
 * Packs a folder, or one file. An archive (`.zip`, `.jar`) is taken as it is. Symbolic links are followed. Throws {@link PackageError}, whose
 * message says what is wrong with `path` without naming it.
 */
export async function packCode(path: string): Promise<PackedCode> {
  const found = await requireCode(path)
  if (found.isFile() && /\.(zip|jar)$/.test(path)) {
    requireLambdaSize(found.size)
    const archive = await reading('', readFile(path))
    return { digest: createHash('sha256').update(archive).digest('hex'), zip: () => archive }
  }
  const files = found.isDirectory() ? await filesOf(path) : [foundFile(path, basename(path), found)]
  if (files.length === 0) throw new PackageError('it has no files to pack')
  // Before anything is read: what is far too large would not fit into memory either.
  requireLambdaSize(files.reduce((sum, { byteCount }) => sum + byteCount, 0))
  if (files.length > FILE_COUNT_MAX) throw new PackageError(`it has more than ${FILE_COUNT_MAX} files`)
  const read: CodeFile[] = []
  for (const { name, path: filePath, isExecutable } of files) {
    const bytes = await reading(name, readFile(filePath)).catch((error: unknown) => {
      // Taken away since it was listed, by an editor or a build: then it is not there.
      if (error instanceof PackageError && isAbsence(error.cause)) return undefined
      throw error
    })
    if (bytes !== undefined) read.push({ name, bytes, isExecutable })
  }
  return packFiles(read)
}

/** What is at `path`, which has to be a file or a folder. Throws {@link PackageError}. */
export async function requireCode(path: string): Promise<Stats> {
  let found: Stats
  try {
    found = await reading('', stat(path))
  } catch (error) {
    if (!(error instanceof PackageError) || !isAbsence(error.cause)) throw error
    throw new PackageError('there is no such file or folder', { cause: error.cause })
  }
  if (!found.isFile() && !found.isDirectory()) throw new PackageError('it is neither a file nor a folder')
  return found
}

/** Packs files that are in memory. */
export function packFiles(files: readonly CodeFile[]): PackedCode {
  requireLambdaSize(files.reduce((sum, file) => sum + file.bytes.length, 0))
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const hash = createHash('sha256')
  for (const { name, bytes, isExecutable } of sorted)
    hash.update(`${name}\0${isExecutable}\0${bytes.length}\0`).update(bytes)
  return { digest: hash.digest('hex'), zip: () => zipFiles(sorted) }
}

function requireLambdaSize(byteCount: number): void {
  if (byteCount <= UNPACKED_BYTES_MAX) return
  throw new PackageError(
    `it has ${inMebibytes(byteCount)} MiB; the code of a function has at most ${inMebibytes(UNPACKED_BYTES_MAX)}`,
  )
}

function inMebibytes(byteCount: number): number {
  return Math.ceil(byteCount / 1024 / 1024)
}

function zipFiles(files: readonly CodeFile[]): Uint8Array {
  const tree: Zippable = {}
  for (const { name, bytes, isExecutable } of files) {
    const mode = isExecutable ? 0o100755 : 0o100644
    tree[name] = [bytes, { os: UNIX, attrs: mode << 16, mtime: PACKED_AT }]
  }
  return zipSync(tree)
}

async function filesOf(root: string): Promise<FoundFile[]> {
  const rules = ignore().add(ALWAYS_IGNORED)
  const own = await reading(IGNORE_FILE, readFile(join(root, IGNORE_FILE), 'utf8')).catch((error: unknown) => {
    if (error instanceof PackageError && isAbsence(error.cause)) return undefined
    throw error
  })
  if (own !== undefined) rules.add(own)
  const files: FoundFile[] = []
  await collect(root, root, rules, [await realpath(root)], files)
  return files
}

/** `above` are the real paths of the folders on the way here, so that a link to one of them does not lead round for ever. */
async function collect(
  root: string,
  folder: string,
  rules: Ignore,
  above: readonly string[],
  files: FoundFile[],
): Promise<void> {
  for (const entry of await reading(relative(root, folder), readdir(folder))) {
    const path = join(folder, entry)
    const name = relative(root, path).split(sep).join('/')
    // A link whose end is gone, or that leads to itself, is no file.
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || rules.ignores(found.isDirectory() ? `${name}/` : name)) continue
    if (found.isFile()) files.push(foundFile(path, name, found))
    if (!found.isDirectory()) continue
    const real = await realpath(path)
    if (!above.includes(real)) await collect(root, path, rules, [...above, real], files)
  }
}

function foundFile(path: string, name: string, { size, mode }: Stats): FoundFile {
  return { name, path, byteCount: size, isExecutable: (mode & 0o111) !== 0 }
}

/** What the system says against reading becomes a {@link PackageError} that names the file by `name`, where that is not all of the code. */
async function reading<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    // `EACCES: permission denied, open '/a/b'`
    const why = /^\w+: (.*?), \w+(?: '|$)/.exec(message)?.[1] ?? code
    throw new PackageError(`${name === '' ? 'it' : name} cannot be read: ${why}`, { cause: error })
  }
}

function isAbsence(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP'
}

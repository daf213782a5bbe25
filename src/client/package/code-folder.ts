import { createHash } from 'node:crypto'
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
export class PackageError extends Error {}

interface CodeFile {
  /** With forward slashes, relative to the folder. */
  readonly name: string
  readonly bytes: Buffer
  readonly isExecutable: boolean
}

/** Packs a folder, or one file. An archive (`.zip`, `.jar`) is taken as it is. Symbolic links are followed. Throws {@link PackageError}. */
export async function packCode(path: string): Promise<PackedCode> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new PackageError(`${path} does not exist`)
  if (found.isFile() && /\.(zip|jar)$/.test(path)) {
    const archive = await readFile(path)
    return { digest: createHash('sha256').update(archive).digest('hex'), zip: () => archive }
  }
  const files = found.isDirectory() ? await filesOf(path) : [await codeFile(path, basename(path))]
  if (files.length === 0) throw new PackageError(`${path} has no files to pack`)
  return packFiles(files)
}

/** Packs files that are in memory. */
export function packFiles(files: readonly CodeFile[]): PackedCode {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0)
  if (bytes > UNPACKED_BYTES_MAX)
    throw new PackageError(`the code has ${bytes} bytes; a function has at most ${UNPACKED_BYTES_MAX}`)
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const hash = createHash('sha256')
  for (const { name, bytes, isExecutable } of sorted)
    hash.update(`${name}\0${isExecutable}\0${bytes.length}\0`).update(bytes)
  return { digest: hash.digest('hex'), zip: () => zipFiles(sorted) }
}

function zipFiles(files: readonly CodeFile[]): Uint8Array {
  const tree: Zippable = {}
  for (const { name, bytes, isExecutable } of files) {
    const mode = isExecutable ? 0o100755 : 0o100644
    tree[name] = [bytes, { os: UNIX, attrs: mode << 16, mtime: PACKED_AT }]
  }
  return zipSync(tree)
}

async function filesOf(root: string): Promise<CodeFile[]> {
  const rules = ignore().add(ALWAYS_IGNORED)
  const own = await readFile(join(root, IGNORE_FILE), 'utf8').catch(() => undefined)
  if (own !== undefined) rules.add(own)
  const files: CodeFile[] = []
  await collect(root, root, rules, [await realpath(root)], files)
  return files
}

/** `above` are the real paths of the folders on the way here, so that a link to one of them does not lead round for ever. */
async function collect(
  root: string,
  folder: string,
  rules: Ignore,
  above: readonly string[],
  files: CodeFile[],
): Promise<void> {
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry)
    const name = relative(root, path).split(sep).join('/')
    // A link whose end is gone is no file.
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || rules.ignores(found.isDirectory() ? `${name}/` : name)) continue
    if (found.isFile()) files.push(await codeFile(path, name))
    if (!found.isDirectory()) continue
    const real = await realpath(path)
    if (!above.includes(real)) await collect(root, path, rules, [...above, real], files)
  }
}

async function codeFile(path: string, name: string): Promise<CodeFile> {
  const [bytes, { mode }] = await Promise.all([readFile(path), stat(path)])
  return { name, bytes, isExecutable: (mode & 0o111) !== 0 }
}

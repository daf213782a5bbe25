import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { functionZip } from '../../test/house/function-zip.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)
const MODULES = dirname(dirname(dirname(require.resolve('sharp'))))

// sharp and what it loads: its JavaScript dependencies, and the native library and binding of this machine's platform.
const SHARP_PACKAGES = ['sharp', 'detect-libc', 'semver', '@img/colour', ...platformPackages()]

/** Zips one of the function directories beside this file, with `sharp` in it where the function resizes with it. */
export async function packFunction(directory: string, zipPath: string): Promise<void> {
  const files: Record<string, Uint8Array> = {}
  await collect(join(HERE, directory), join(HERE, directory), '', files)
  if (directory === 'thumbnail-node') {
    for (const name of SHARP_PACKAGES) await collect(join(MODULES, name), MODULES, 'node_modules', files)
  }
  await writeFile(zipPath, functionZip(files))
}

function platformPackages(): string[] {
  const { platform, arch } = process
  return [`@img/sharp-${platform}-${arch}`, `@img/sharp-libvips-${platform}-${arch}`]
}

async function collect(from: string, root: string, under: string, into: Record<string, Uint8Array>): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const path = join(from, entry.name)
    if (entry.isDirectory()) await collect(path, root, under, into)
    else if (!/\.(d\.ts|md|map|h|hpp)$/.test(entry.name)) into[join(under, relative(root, path))] = await readFile(path)
  }
}

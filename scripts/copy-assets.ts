/** After `tsc`: what the build needs beside JavaScript, the bootstraps that run inside function processes. */
import { cp } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../src/', import.meta.url))
const target = fileURLToPath(new URL('../dist/', import.meta.url))
await cp(source, target, {
  recursive: true,
  // Directories, and every file that the compiler does not translate.
  filter: (path) => extname(path) !== '.ts',
})

import { readFileSync } from 'node:fs'

/** Of package.json, which is beside `src` in the repository and beside `dist` in the package. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version

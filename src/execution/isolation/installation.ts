import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Our bootstraps, `/var/runtime` of every function. */
export const BOOTSTRAPS_PATH = fileURLToPath(new URL('../bootstraps', import.meta.url))

/** The `node_modules` with the AWS SDK that this installation brought; undefined when it was left out. */
export function findSdkModules(): string | undefined {
  try {
    const path = createRequire(import.meta.url).resolve('@aws-sdk/client-s3/package.json')
    return path.slice(0, path.lastIndexOf('/node_modules/') + '/node_modules'.length)
  } catch {
    // Not installed: functions must bring their own.
    return undefined
  }
}

/** The first of these programs that exists. */
export function findProgram(...paths: string[]): string | undefined {
  return paths.find((path) => existsSync(path))
}

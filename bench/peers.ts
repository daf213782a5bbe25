import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Connection } from './load.ts'
import type { Identity } from './sign.ts'

const require = createRequire(import.meta.url)

export interface Peer {
  readonly port: number
  readonly pid: number
  readonly identity: Identity
  kill(): void
}

/** s3rver, the S3 server of npm: files without fsync, no events. */
export async function startS3rver(dataPath: string, port: number, bucket: string): Promise<Peer> {
  await mkdir(dataPath, { recursive: true })
  const bin = join(dirname(require.resolve('s3rver/package.json')), 'bin', 's3rver.js')
  const child = spawn(
    process.execPath,
    [bin, '-d', dataPath, '-a', '127.0.0.1', '-p', String(port), '-s', '--configure-bucket', bucket],
    {
      stdio: 'ignore',
    },
  )
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      ;(await Connection.open(port)).close()
      return {
        port,
        pid: child.pid as number,
        identity: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER', region: 'us-east-1' },
        kill: () => void child.kill('SIGKILL'),
      }
    } catch {
      await delay(50)
    }
  }
  child.kill('SIGKILL')
  throw new Error('s3rver did not start')
}

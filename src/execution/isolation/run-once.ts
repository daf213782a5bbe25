import { execFile } from 'node:child_process'

export interface Output {
  readonly isSuccess: boolean
  readonly stdout: string
  /** What it said, or why it did not run. */
  readonly stderr: string
}

/** Runs a program of this machine to its end, with an empty environment, for at most 10 s; to learn what works here. */
export function runOnce(file: string, args: readonly string[]): Promise<Output> {
  return new Promise((resolve) => {
    execFile(file, args, { env: {}, timeout: 10_000, killSignal: 'SIGKILL', cwd: '/' }, (error, stdout, stderr) => {
      const said = stderr.trim().slice(0, 500)
      resolve({ isSuccess: error === null, stdout, stderr: error === null ? said : said || error.message })
    })
  })
}

import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface Connection {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface ServerProcess {
  readonly port: number
  readonly pid: number
  /** ms from the spawn of the process until it printed its `Ready.` line. */
  readonly readyMs: number
  readonly stderr: () => string
  connection(): Promise<Connection>
  /** SIGTERM and the exit; throws when it does not end in 15 s. */
  stop(): Promise<void>
  /** SIGKILL: what a power loss looks like to the process. */
  kill(): Promise<void>
}

/** Starts the server as a user would, as a process of its own, and waits until it is ready. */
export async function startServerProcess(
  dataPath: string,
  port: number,
  extra: readonly string[] = [],
): Promise<ServerProcess> {
  const startedMs = performance.now()
  // As `npm start` does: a bounded young generation. After 30,000 PUTs 235 MiB instead of 290; with 4 MiB it was 205, for 12 % more CPU a request.
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=16', MAIN, 'start', '--data', dataPath, '--port', String(port), ...extra],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-20_000)
  })
  await new Promise<void>((resolve, reject) => {
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (/^Ready\.$/m.test(stdout)) resolve()
    })
    child.once('exit', (code, signal) =>
      reject(new Error(`the server ended (${code ?? signal}) before it was ready:\n${stderr}`)),
    )
  })
  const readyMs = performance.now() - startedMs
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    port,
    pid: child.pid as number,
    readyMs,
    stderr: () => stderr,
    connection: () => readConnection(dataPath, port),
    async stop() {
      child.kill('SIGTERM')
      await within(15_000, exited, child)
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

async function readConnection(dataPath: string, port: number): Promise<Connection> {
  const output = await run(process.execPath, [MAIN, 'env', '--json', '--data', dataPath, '--port', String(port)])
  const env = JSON.parse(output) as Record<string, string>
  return {
    endpoint: env.AWS_ENDPOINT_URL as string,
    region: env.AWS_REGION as string,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID as string, secretAccessKey: env.AWS_SECRET_ACCESS_KEY as string },
  }
}

/** Runs a program to its end and returns what it printed; throws with its stderr, and the end of what it printed, when it fails. */
export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString())
      else
        reject(
          new Error(
            `${command} ${args.join(' ')} ended with ${code}:\n${Buffer.concat(err).toString()}\n${Buffer.concat(out).toString().slice(-2000)}`,
          ),
        )
    })
  })
}

/** A port nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function within(limitMs: number, exited: Promise<void>, child: ChildProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`the server did not stop within ${limitMs} ms`))
    }, limitMs)
  })
  await Promise.race([exited, late])
  clearTimeout(timer)
}

import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type ServerProcess, startServerProcess } from './house/server-process.ts'

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function millrace(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

describe('the command line', () => {
  let dataPath = ''
  let port = 0
  let server: ServerProcess
  beforeAll(async () => {
    dataPath = join(await mkdtemp(join(tmpdir(), 'millrace-cli-')), 'data')
    port = await freePort()
    server = await startServerProcess(dataPath, port, ['--isolation', 'process'])
  })
  afterAll(async () => {
    await server.stop()
    await rm(join(dataPath, '..'), { recursive: true })
  })

  it('start says where, who and how, and keeps the secret to itself', () => {
    expect(server.stderr()).toContain(`http://127.0.0.1:${port}`)
    expect(server.stderr()).toMatch(/AKIA\w{16} \/ \*{4}/)
    expect(server.stderr()).toMatch(/Isolation +process/)
  })

  it('env finds the server of a directory without being told its port', async () => {
    const json = await millrace('env', '--json', '--data', dataPath)
    expect(JSON.parse(json.out)).toMatchObject({
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^AKIA/),
    })
    const shell = await millrace('env', '--data', dataPath)
    expect(shell.out).toContain(`export AWS_ENDPOINT_URL='http://127.0.0.1:${port}'`)
  })

  it('status is JSON for scripts', async () => {
    const { out, code } = await millrace('status', '--json', '--data', dataPath)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      accountId: '123456789012',
      isolation: { kind: 'process' },
      queues: { invocations: 0 },
    })
  })

  it.each([
    ['2 for a flag that does not exist', ['start', '--prot', '1'], 2, /unknown option/],
    ['2 for settings that contradict each other', ['start', '--ephemeral', '--data', 'x'], 2, /choose one of the two/],
    ['2 for a subject that is none', ['events', 'why', 'bucket/key'], 2, /s3:\/\/bucket\/key/],
    ['3 where no server has run', ['status', '--data', '/nonexistent/millrace'], 3, /millrace start/],
  ])('exits with %s', async (_, args, code, text) => {
    const ended = await millrace(...args)
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' })
    expect(ended.err).toMatch(text)
  })

  it('exits with 3 for the log of a function that never ran', async () => {
    const { code, err } = await millrace('logs', 'nobody', '--data', dataPath)
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('ResourceNotFoundException') })
  })

  it('exits with 3 for an event nobody knows', async () => {
    expect((await millrace('events', 'why', 's3://b/k', '--data', dataPath)).code).toBe(3)
  })

  it('a second server on the directory, or the port, is told why not', async () => {
    const directory = await millrace('start', '--data', dataPath, '--port', String(await freePort()))
    expect(directory).toMatchObject({ code: 1, err: expect.stringContaining('belongs to a server that is running') })
    const taken = await millrace('start', '--ephemeral', '--port', String(port))
    expect(taken).toMatchObject({ code: 1, err: expect.stringContaining(`port ${port} is taken`) })
  })

  it('a stopped server leaves no address behind', async () => {
    expect(await readdir(dataPath)).toContain('server.json')
    await server.stop()
    expect(await readdir(dataPath)).not.toContain('server.json')
    server = await startServerProcess(dataPath, port)
  })
})

/**
 * What every isolation must do, and what a function tries that it must not. Functions here are hostile; each answers what it got. Where an
 * isolation is weak by its nature, the suite asserts the weakness, so that nobody believes otherwise.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from '../test-support/functions.ts'

export interface Strength {
  /** Functions see their own files only. */
  readonly hidesFiles: boolean
  /** Functions see and signal their own processes only. */
  readonly hidesProcesses: boolean
  /** Functions reach the endpoint only. */
  readonly hidesNetwork: boolean
  /** The kernel stops what goes beyond its memory or number of processes. */
  readonly hasHardLimits: boolean
}

const HANDLER = `import * as fs from 'node:fs'
import * as net from 'node:net'
import * as os from 'node:os'
import { spawn, spawnSync } from 'node:child_process'
const attempt = (act) => { try { return act() } catch (error) { return error.code ?? error.message } }
const connect = (port, host = '127.0.0.1') => new Promise((resolve) => {
  const socket = net.connect(port, host, () => socket.write('GET / HTTP/1.0\\r\\n\\r\\n'))
  let text = ''
  socket.on('data', (chunk) => { text += chunk })
  socket.on('close', () => resolve(text))
  socket.on('error', (error) => resolve(error.code))
})
export const handler = async (event) => { const run = new (Object.getPrototypeOf(async () => {}).constructor)('event', 'fs', 'net', 'os', 'spawn', 'spawnSync', 'attempt', 'connect', event.code); return run(event, fs, net, os, spawn, spawnSync, attempt, connect) }`

export function isolationContract(kind: 'bubblewrap' | 'process', strength: Strength): void {
  describe(`the isolation ${kind}`, () => {
    let workshop: Workshop
    let endpoint: Server
    let other: Server
    let secretPath: string

    beforeAll(async () => {
      endpoint = await listen('endpoint')
      other = await listen('other')
      workshop = await openWorkshop({ isolation: kind, endpointUrl: () => `http://127.0.0.1:${portOf(endpoint)}` })
      await chmod(workshop.directory, 0o755)
      secretPath = join(workshop.directory, 'data', 'secret')
      await mkdir(join(workshop.directory, 'data'))
      await writeFile(secretPath, 'the store')
    })
    afterAll(async () => {
      await workshop[Symbol.asyncDispose]()
      endpoint.close()
      other.close()
    })

    const define = (changes: Parameters<Workshop['define']>[1] = {}) =>
      workshop.define({ 'index.mjs': HANDLER, 'own.txt': 'mine' }, changes)
    const run = async (code: string, changes: Parameters<Workshop['define']>[1] = {}) =>
      (await define(changes)).run({ code })

    it.concurrent('says what it is', () => {
      expect(workshop.executor.isolation.kind).toBe(kind)
      expect(workshop.executor.isolation.reason).toMatch(
        kind === 'process' ? /run as the server's user/ : /namespaces of their own/,
      )
    })

    it.concurrent('lets a function read its own code, and not write it', async () => {
      const ran = await run(
        `return [fs.readFileSync(process.env.LAMBDA_TASK_ROOT + '/own.txt', 'utf8'), process.cwd() === process.env.LAMBDA_TASK_ROOT, attempt(() => fs.writeFileSync(process.env.LAMBDA_TASK_ROOT + '/own.txt', 'x'))]`,
      )
      // Without a mount namespace only the modes of the files protect them, which do not bind their owner.
      expect(ran.value).toEqual(['mine', true, strength.hidesFiles ? 'EROFS' : null])
    })

    it.concurrent('gives a function a directory of its own that outlives its process', async () => {
      const fn = await define()
      const file = strength.hidesFiles ? "'/tmp/note'" : "process.env.TMPDIR + '/note'"
      await fn.run({ code: `fs.writeFileSync(${file}, 'kept'); process.exit(1)` })
      expect((await fn.run({ code: `return fs.readFileSync(${file}, 'utf8')` })).value).toBe('kept')
      const stranger = await define()
      expect((await stranger.run({ code: `return attempt(() => fs.readFileSync(${file}, 'utf8'))` })).value).toBe(
        'ENOENT',
      )
    })

    it.concurrent('keeps a function from the data of the server, the code of others and their files', async () => {
      const victim = await define()
      await victim.run({ code: `fs.writeFileSync((process.env.TMPDIR ?? '/tmp') + '/private', 'theirs')` })
      const stolen = readdirSync(join(workshop.directory, 'run'), { recursive: true })
        .map(String)
        .find((name) => name.endsWith('private'))
      expect(stolen).toBeDefined()
      const paths = [secretPath, join(victim.spec.codePath, 'own.txt'), join(workshop.directory, 'run', String(stolen))]
      const ran = await run(
        `return ${JSON.stringify(paths)}.map((path) => attempt(() => fs.readFileSync(path, 'utf8')))`,
      )
      expect(ran.value).toEqual(strength.hidesFiles ? ['ENOENT', 'ENOENT', 'ENOENT'] : ['the store', 'mine', 'theirs'])
    })

    it.runIf(strength.hidesFiles)('shows a minimal root, read-only, to an unprivileged user', async () => {
      const ran = await run(
        `return { root: fs.readdirSync('/').sort(), write: attempt(() => fs.writeFileSync('/x', '')), usr: attempt(() => fs.writeFileSync('/usr/x', '')), uid: process.getuid(), user: os.userInfo().username, etc: fs.readdirSync('/etc'), shadow: attempt(() => fs.readFileSync('/etc/shadow', 'utf8')), caps: /CapEff:\\s*(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1] }`,
      )
      const value = ran.value as Record<string, unknown>
      expect(value).toMatchObject({
        write: 'EROFS',
        usr: 'EROFS',
        user: 'sbx_user1051',
        shadow: 'ENOENT',
        caps: '0000000000000000',
      })
      expect(value['uid']).not.toBe(0)
      expect([
        'bin',
        'dev',
        'etc',
        'lib',
        'lib32',
        'lib64',
        'libx32',
        'nix',
        'opt',
        'proc',
        'sbin',
        'tmp',
        'usr',
        'var',
      ]).toEqual(expect.arrayContaining(value['root'] as string[]))
    })

    it.concurrent('keeps a function from the processes of others', async () => {
      const victim = await define()
      const victimPid = (await victim.run({ code: 'return process.pid' })).value
      const ran = await run(
        `return [attempt(() => process.kill(event.pid, 0)), fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).length, attempt(() => fs.readFileSync('/proc/${process.pid}/environ', 'utf8').length > 0)]`.replace(
          'event.pid',
          String(process.pid),
        ),
      )
      const [signal, count, environ] = ran.value as [unknown, number, unknown]
      if (strength.hidesProcesses) {
        expect([signal, environ]).toEqual(['ESRCH', 'ENOENT'])
        expect(count).toBeLessThan(10)
      } else {
        // The same user may signal and read it. What a function of ours does not do, another one could.
        expect([signal, environ]).toEqual([true, true])
      }
      expect((await victim.run({ code: 'return process.pid' })).value).toBe(victimPid)
    })

    it.concurrent('lets a function reach the endpoint', async () => {
      const ran = await run(
        `const url = new URL(process.env.AWS_ENDPOINT_URL); return [await connect(Number(url.port), url.hostname), spawnSync('/bin/sh', ['-c', 'exec 2>&1; curl -s --http0.9 ' + url.href]).stdout.toString()]`,
      )
      const [text, fromChild] = ran.value as string[]
      expect(text).toBe('endpoint')
      // Also while the function itself is blocked: the connection is accepted outside.
      if (existsSync('/usr/bin/curl')) expect(fromChild).toContain('endpoint')
    })

    it.concurrent('keeps a function from other ports of the machine', async () => {
      const ran = await run(
        `return [await connect(${portOf(other)}), await connect(80, '10.255.255.1').catch(String)]`.replace(
          ", await connect(80, '10.255.255.1').catch(String)",
          strength.hidesNetwork ? ", await connect(80, '10.255.255.1')" : '',
        ),
      )
      expect(ran.value).toEqual(strength.hidesNetwork ? ['ECONNREFUSED', 'ENETUNREACH'] : ['other'])
    })

    it.concurrent('keeps a function from the Runtime API of another environment', async () => {
      const victim = await define()
      const address = String((await victim.run({ code: 'return process.env.AWS_LAMBDA_RUNTIME_API' })).value)
      const ask = `const [host, port] = '${address.split('/')[0]}'.split(':'); const socket = net.connect(Number(port), host)
        return new Promise((resolve) => { let text = ''; socket.on('connect', () => socket.write('POST /2018-06-01/runtime/init/error HTTP/1.0\\r\\n\\r\\n')); socket.on('data', (chunk) => { text += chunk }); socket.on('close', () => resolve(text.split('\\r\\n')[0])); socket.on('error', (error) => resolve(error.code)) })`
      const ran = await run(ask)
      // With a network of its own the address is its own Runtime API, which refuses that move; without, the path of the other is a secret.
      expect(ran.value).toBe(strength.hidesNetwork ? 'HTTP/1.1 403 Forbidden' : 'HTTP/1.1 404 Not Found')
      expect((await victim.run({ code: 'return 1' })).value).toBe(1)
    })

    it.concurrent('ends a function that takes more memory than it has', async () => {
      const fn = await define({ memoryMb: 128, timeoutMs: 20_000 })
      const ran = await fn.run({
        code: `const held = []; for (;;) { held.push(Buffer.alloc(8 << 20, 1)); await new Promise((done) => setTimeout(done, 5)) }`,
      })
      expect(ran.value).toEqual({
        errorType: 'Runtime.OutOfMemory',
        errorMessage: `RequestId: ${ran.requestId} Error: Runtime exited with error: signal: killed`,
      })
      expect(ran.maxMemoryUsedMb).toBeGreaterThan(100)
      expect((await fn.run({ code: 'return 1' })).value).toBe(1)
    })

    it.concurrent('ends a function that fills more disk than it has', async () => {
      const fn = await define({ ephemeralStorageMb: 8 })
      const code = `const folder = process.env.TMPDIR ?? '/tmp'; let n = 0
        for (;;) { fs.writeFileSync(folder + '/' + n++, Buffer.alloc(1 << 20)); await new Promise((done) => setTimeout(done, 20)) }`
      const ran = await fn.run({ code })
      expect(ran.errorType).toBe('Runtime.ExitError')
      expect(ran.log).toContain('/tmp holds more than 8 MB')
      expect((await fn.run({ code: "return fs.readdirSync(process.env.TMPDIR ?? '/tmp')" })).value).toEqual([])
    })

    it.runIf(strength.hasHardLimits)('stops a fork bomb, and others do not notice', async () => {
      const neighbour = await define()
      await neighbour.run({ code: 'return 1' })
      const bomb = await define({ memoryMb: 512, timeoutMs: 3000 })
      const code = `fs.writeFileSync((process.env.TMPDIR ?? '/tmp') + '/bomb.sh', 'while :; do sh "$0" & done\\n')
        spawn('/bin/sh', [(process.env.TMPDIR ?? '/tmp') + '/bomb.sh'], { stdio: 'ignore' }); await new Promise((done) => setTimeout(done, 60_000))`
      const running = bomb.run({ code })
      const during = await neighbour.run({ code: `return spawnSync('/bin/true').status` })
      expect(during.value).toBe(0)
      expect((await running).outcome).toBe('function-error')
      expect((await bomb.run({ code: 'return 1' })).value).toBe(1)
    })

    it('ends what a function started, when the environment ends', async () => {
      const fn = await define()
      const mark = `millrace-${kind}-${process.pid}`
      await fn.run({
        code: `spawn('/bin/sh', ['-c', 'while :; do sleep 1; done', '${mark}'], { detached: true, stdio: 'ignore' }).unref()`,
      })
      expect(processesWith(mark)).toBeGreaterThan(0)
      await fn.run({ code: 'process.exit(1)' })
      await expect.poll(() => processesWith(mark)).toBe(strength.hidesProcesses || strength.hasHardLimits ? 0 : 1)
    })

    it.concurrent('gives a function its layers, merged', async () => {
      const layerPaths = [
        await workshop.write({ 'a.txt': '1', 'both.txt': '1' }),
        await workshop.write({ 'b.txt': '2', 'both.txt': '2' }),
      ]
      const ran = await run(
        `const opt = process.env.PATH.split(':').at(-1).replace('/bin', ''); return ['a', 'b', 'both'].map((name) => fs.readFileSync(opt + '/' + name + '.txt', 'utf8'))`,
        { layerPaths },
      )
      expect(ran.value).toEqual(['1', '2', '2'])
    })

    it.concurrent('runs Python too', async () => {
      const code =
        'import os, urllib.request\ndef handler(event, context): return [os.getcwd() == os.environ["LAMBDA_TASK_ROOT"], len(os.listdir("/proc/self/fd"))]'
      const python = workshop.executor.runtimes.find(({ name }) => name === 'python3.12')
      if (!python?.available) return
      const fn = await workshop.define({ 'm.py': code }, { runtime: 'python3.12', handler: 'm.handler' })
      expect((await fn.run()).value).toEqual([true, expect.any(Number)])
    })

    it.concurrent('gives a function the AWS SDK', async () => {
      const code = `import { S3Client } from '@aws-sdk/client-s3'
        export const handler = async () => S3Client.name`
      const fn = await workshop.define({ 'index.mjs': code }, { memoryMb: 512 })
      expect((await fn.run()).value).toBe('S3Client')
    })

    it('leaves nothing behind', async () => {
      await workshop.executor[Symbol.asyncDispose]()
      expect(existsSync(join(workshop.directory, 'run'))).toBe(false)
      const groups = '/sys/fs/cgroup/memory'
      if (existsSync(groups))
        expect(
          readdirSync(groups, { recursive: true }).filter((name) => String(name).includes(`millrace-${process.pid}`)),
        ).toEqual([])
    })
  })
}

/** A server that says its name to everybody. */
async function listen(name: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(name))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function processesWith(mark: string): number {
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && readText(`/proc/${name}/cmdline`).includes(`\0${mark}`),
  ).length
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // It has ended.
    return ''
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { randomBuffer } from '../../std/ids.ts'
import { NoSpaceError } from '../../std/no-space.ts'
import { describeStore } from '../store.contract.ts'
import { type Store, StoreCorruptError, StoreFormatError, StoreLockedError } from '../store.ts'
import { LevelStore, openLevelStore } from './leveldb.ts'
import { openDatabase } from './leveldb-directory.ts'

const makeDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'millrace-store-'))
const put = (name: string, value: string | Buffer) => ({
  checks: [],
  puts: [[Buffer.from(name), Buffer.from(value)] as const],
  deletes: [],
})

async function leveldb(cacheBytes?: number) {
  const path = await makeDirectory()
  const open = () => openLevelStore(path, cacheBytes === undefined ? {} : { cacheBytes })
  return {
    open,
    reopen: async (store: AsyncDisposable) => {
      await store[Symbol.asyncDispose]()
      return open()
    },
    cleanUp: () => rm(path, { recursive: true }),
  }
}

describeStore('leveldb', () => leveldb())
describeStore('leveldb without a cache', () => leveldb(0))

describe('a leveldb directory', () => {
  let path: string
  beforeEach(async () => {
    path = await makeDirectory()
  })
  afterEach(() => rm(path, { recursive: true }))

  it('belongs to one store at a time, and the error names it', async () => {
    await using _ = await openLevelStore(path)
    await expect(openLevelStore(path)).rejects.toThrow(StoreLockedError)
    await expect(openLevelStore(path)).rejects.toThrow(path)
  })

  it('written by a newer version is refused', async () => {
    const newer = new ClassicLevel(path)
    await newer.put('\0format', '2')
    await newer.close()
    await expect(openLevelStore(path)).rejects.toThrow(StoreFormatError)
    await expect(openLevelStore(path)).rejects.toThrow('has format 2, this version knows format 1')
  })

  it('of another program is refused and left alone', async () => {
    const foreign = new ClassicLevel(path)
    await foreign.put('theirs', 'x')
    await foreign.close()
    await expect(openLevelStore(path)).rejects.toThrow(StoreFormatError)
    await foreign.open()
    expect(await foreign.get('theirs')).toBe('x')
    await foreign.close()
  })

  it('that is damaged is refused, and the error says so', async () => {
    await (await openLevelStore(path))[Symbol.asyncDispose]()
    await writeFile(join(path, 'CURRENT'), 'MANIFEST-999999\n')
    await expect(openLevelStore(path)).rejects.toThrow(StoreCorruptError)
  })
})

describe('kill -9 in the middle of commits', () => {
  it('loses no acknowledged commit and tears none in two', async () => {
    const path = await makeDirectory()
    const acknowledged = new Set<string>()
    for (let round = 0; round < 3; round++) {
      for (const name of await writeUntilKilled(path, round)) acknowledged.add(name)
      await using store = await openLevelStore(path)
      for (const name of acknowledged) {
        expect((await store.get(Buffer.from(`a/${name}`)))?.value.toString(), name).toBe(name)
      }
      const [left, right] = await Promise.all(
        ['a', 'b'].map((half) =>
          store.list({ gte: Buffer.from(`${half}/`), lt: Buffer.from(`${half}0`), limit: 10_000 }),
        ),
      )
      expect(left?.map((entry) => entry.version)).toEqual(right?.map((entry) => entry.version))
    }
    expect(acknowledged.size).toBeGreaterThan(100)
    await rm(path, { recursive: true })
  })
})

/** Starts a process that commits as fast as it can, and kills it a little after it has acknowledged the first ones. */
async function writeUntilKilled(path: string, round: number): Promise<string[]> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../../test/crash/commit-until-killed.ts'), path, String(round)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const acknowledged: string[] = []
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(line)
    if (acknowledged.length === 50 + round * 37) child.kill('SIGKILL')
  }
  if (child.signalCode === null) await once(child, 'exit')
  return acknowledged
}

describe('a write that LevelDB calls failed', () => {
  it('is undone if its log has it after all: nothing was written means nothing', async () => {
    const path = await makeDirectory()
    const database = await openDatabase(path)
    // LevelDB fails a write after its log has it and before its memory has: the row shows when the log is replayed.
    let mustFail = false
    let inLog: () => Promise<void> = async () => {}
    const batch = database.batch.bind(database)
    const close = database.close.bind(database)
    const failingBatch = () => {
      const chained = batch()
      const write = chained.write.bind(chained)
      const fail = async () => {
        inLog = () => write()
        throw new Error('IO error: 000003.log: No space left on device')
      }
      return mustFail ? Object.assign(chained, { write: fail }) : chained
    }
    Object.assign(database, { batch: failingBatch, close: () => inLog().then(close) })
    await using store = new LevelStore(path, database, {})
    await store.commit(put('kept', 'before'))
    mustFail = true
    const lost = { checks: [], puts: [...put('kept', 'after').puts, ...put('new', 'x').puts], deletes: [] }
    await expect(store.commit(lost)).rejects.toThrow(NoSpaceError)
    const next = await store.commit(put('next', 'x'))
    expect(next.ok).toBe(true)
    expect((await store.get(Buffer.from('kept')))?.value.toString()).toBe('before')
    expect(await store.get(Buffer.from('new'))).toBeUndefined()
    expect(next.ok && (await store.get(Buffer.from('next')))?.version).toBe(next.ok && next.version)
    await rm(path, { recursive: true })
  })
})

describe('a full disk', () => {
  it('answers NoSpaceError, keeps what was acknowledged, and works again when there is room', async ({ skip }) => {
    const disk = await mountSmallDisk()
    if (disk === undefined) return skip('cannot mount a small file system here')
    const path = join(disk.path, 'store')
    let store = await openLevelStore(path)
    try {
      const ballast = join(disk.path, 'ballast')
      await writeFile(ballast, Buffer.alloc(70 << 20))
      // Random bytes, for LevelDB would compress any pattern.
      const written: Buffer[] = []
      let refused: unknown
      for (let index = 0; index < 4000 && refused === undefined; index++) {
        const value = randomBuffer(60_000)
        try {
          await store.commit(put(`k${index}`, value))
          written.push(value)
        } catch (error) {
          refused = error
        }
      }
      expect(refused).toBeInstanceOf(NoSpaceError)
      await expect(store.commit(put('again', 'x'))).rejects.toThrow(NoSpaceError)
      expect(await holds(store, 'k0', written[0])).toBe(true)
      await rm(ballast)
      expect((await store.commit(put('after', 'x'))).ok).toBe(true)
      for (let attempt = 0; attempt < 2; attempt++) {
        for (const [index, value] of written.entries())
          expect(await holds(store, `k${index}`, value), `k${index}`).toBe(true)
        expect(await store.get(Buffer.from(`k${written.length}`))).toBeUndefined()
        expect((await store.get(Buffer.from('after')))?.value.toString()).toBe('x')
        await store[Symbol.asyncDispose]()
        store = await openLevelStore(path)
      }
    } finally {
      await store[Symbol.asyncDispose]()
      await disk.unmount()
    }
  })
})

async function holds(store: Store, name: string, value: Buffer | undefined): Promise<boolean> {
  const entry = await store.get(Buffer.from(name))
  return entry !== undefined && value !== undefined && entry.value.equals(value)
}

async function mountSmallDisk(): Promise<{ path: string; unmount(): Promise<void> } | undefined> {
  const path = await makeDirectory()
  if ((await run('mount', ['-t', 'tmpfs', '-o', 'size=128m', 'tmpfs', path])) !== 0) {
    await rm(path, { recursive: true })
    return undefined
  }
  const unmount = async () => {
    await run('umount', ['-l', path])
    await rm(path, { recursive: true })
  }
  return { path, unmount }
}

async function run(command: string, args: string[]): Promise<number> {
  const child = spawn(command, args, { stdio: 'ignore' })
  return new Promise((resolve) => {
    child.on('error', () => resolve(-1))
    child.on('exit', (code) => resolve(code ?? -1))
  })
}

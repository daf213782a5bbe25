import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sourceFrom, sourceOf } from '../std/byte-source.ts'
import { digestBytes } from '../std/digest.ts'
import { describeBlobs, inChunks, listed, patternBytes, readAll } from './blobs.contract.ts'
import { NoSpaceError } from './blobs.ts'
import { DirectorySync } from './directory-sync.ts'
import { type DiskBlobs, openDiskBlobs } from './disk.ts'

const MIB = 1024 * 1024
const makeDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'millrace-blobs-'))

describeBlobs('disk', async () => {
  const path = await makeDirectory()
  return { blobs: await openDiskBlobs(path), cleanUp: () => rm(path, { recursive: true }) }
})

describe('a blob directory', () => {
  let path: string
  let blobs: DiskBlobs

  beforeEach(async () => {
    path = await makeDirectory()
    blobs = await openDiskBlobs(path)
  })
  afterEach(async () => {
    await blobs[Symbol.asyncDispose]()
    await rm(path, { recursive: true })
  })

  it('keeps blobs over a restart, and drops unfinished uploads of the process before', async () => {
    const { id } = await blobs.write(sourceOf('kept'), [])
    await writeFile(join(path, 'tmp', 'left-over'), 'half a body')
    await blobs[Symbol.asyncDispose]()
    blobs = await openDiskBlobs(path)
    expect((await readAll(blobs, id, { start: 0, end: 3 })).toString()).toBe('kept')
    expect(await readdir(join(path, 'tmp'))).toEqual([])
  })

  it('knows when each blob was written', async () => {
    await blobs.write(sourceOf('x'), [])
    for await (const { writtenMs } of blobs.list()) expect(Math.abs(writtenMs - Date.now())).toBeLessThan(60_000)
  })

  it('notices a file that is shorter than its record says', async () => {
    const { id } = await blobs.write(sourceOf('short'), [])
    await expect(blobs.read(id, { start: 0, end: 99 })).rejects.toThrow('ends at byte 5, 100 were expected')
  })

  it.skipIf(process.platform !== 'linux')(
    'closes every file: read to the end, abandoned, failed or broken off',
    async () => {
      const { id } = await blobs.write(inChunks(patternBytes(3 * MIB), 64 * 1024), ['md5'])
      const range = { start: 0, end: 3 * MIB - 1 }
      const openBefore = openFilesUnder(path)
      await readAll(blobs, id, range)
      for await (const _ of await blobs.read(id, range)) break
      await expect(blobs.read(id, { start: 0, end: 4 * MIB }))
        .resolves.toBeDefined()
        .then(() => undefined)
      async function* broken(): AsyncGenerator<Buffer> {
        yield patternBytes(MIB)
        throw new Error('gone')
      }
      await expect(blobs.write(sourceFrom(broken()), [])).rejects.toThrow('gone')
      // The one reader that nobody iterates still holds its file: only the garbage collector can tell that it is forgotten.
      expect(openFilesUnder(path) - openBefore).toBeLessThanOrEqual(1)
    },
  )

  it('leaves the body it was given unread when its writer fails, and tells the source to stop', async () => {
    let isStopped = false
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield patternBytes(MIB)
      } finally {
        isStopped = true
      }
    }
    await rm(join(path, 'tmp'), { recursive: true })
    await expect(blobs.write(sourceFrom(endless()), ['md5'])).rejects.toThrow('ENOENT')
    expect(isStopped).toBe(true)
  })
})

function openFilesUnder(path: string): number {
  const links = spawnSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' }).stdout
  return links.split('\n').filter((line) => line.includes(path) && !line.endsWith('/')).length
}

describe('a full disk', () => {
  it('answers NoSpaceError, leaves nothing behind and keeps what was there', async ({ skip }) => {
    const path = await makeDirectory()
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', path]).status !== 0)
      return skip('cannot mount a small file system here')
    try {
      await using blobs = await openDiskBlobs(join(path, 'blobs'))
      const kept = await blobs.write(sourceOf(patternBytes(3 * MIB)), ['md5'])
      for (const size of [6 * MIB, 5 * MIB + 17]) {
        await expect(blobs.write(inChunks(patternBytes(size), 64 * 1024), ['md5', 'crc64nvme'])).rejects.toThrow(
          NoSpaceError,
        )
      }
      expect(await listed(blobs)).toEqual([kept.id])
      expect(readdirSync(join(path, 'blobs', 'tmp'))).toEqual([])
      const bytes = patternBytes(4 * MIB)
      expect((await blobs.write(inChunks(bytes, 64 * 1024), ['md5'])).digests).toEqual(digestBytes(bytes, ['md5']))
      expect((await readAll(blobs, kept.id, { start: 0, end: 3 * MIB - 1 })).equals(patternBytes(3 * MIB))).toBe(true)
    } finally {
      spawnSync('umount', ['-l', path])
      await rm(path, { recursive: true })
    }
  })
})

describe('a directory that is synced', () => {
  it('shares the next fsync among all who ask while one is running', async () => {
    const path = await makeDirectory()
    const directory = new DirectorySync(path)
    const running = directory.sync()
    const [second, third] = [directory.sync(), directory.sync()]
    expect(second).toBe(third)
    expect(second).not.toBe(running)
    await Promise.all([running, second, third])
    await directory.close()
    await rm(path, { recursive: true })
  })
})

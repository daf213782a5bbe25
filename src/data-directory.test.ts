import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  announce,
  leaveCredentials,
  openDataDirectory,
  readAnnouncement,
  readCredentials,
  withdrawAnnouncement,
} from './data-directory.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millrace-data-'))
})
afterEach(() => rm(root, { recursive: true }))

describe('the data directory', () => {
  it('is closed to other users, and so are its secrets', async () => {
    const dataPath = join(root, 'deep', 'data')
    await openDataDirectory(dataPath)
    await leaveCredentials(dataPath, { accessKeyId: 'AKIA', secretAccessKey: 'secret' })
    expect((await stat(dataPath)).mode & 0o777).toBe(0o700)
    for (const file of ['master-key', 'credentials.json'])
      expect((await stat(join(dataPath, file))).mode & 0o777).toBe(0o600)
  })

  it('gives the same master key at every start', async () => {
    const sealed = (await openDataDirectory(root)).sealer('test').seal(Buffer.from('kept'))
    expect((await openDataDirectory(root)).sealer('test').open(sealed)?.toString()).toBe('kept')
  })

  it('with a damaged master key stops the start instead of making a new one', async () => {
    await writeFile(join(root, 'master-key'), 'half')
    await expect(openDataDirectory(root)).rejects.toThrow(/damaged/)
  })

  it('tells clients who they are and where the server listens, while it does', async () => {
    expect(await readCredentials(root)).toBeUndefined()
    expect(await readAnnouncement(root)).toBeUndefined()
    await leaveCredentials(root, { accessKeyId: 'AKIA', secretAccessKey: 'secret' })
    await announce(root, { endpoint: 'http://127.0.0.1:1', region: 'us-east-1', accountId: '123456789012', pid: 1 })
    expect(await readCredentials(root)).toEqual({ accessKeyId: 'AKIA', secretAccessKey: 'secret' })
    expect((await readAnnouncement(root))?.endpoint).toBe('http://127.0.0.1:1')
    await withdrawAnnouncement(root)
    expect(await readAnnouncement(root)).toBeUndefined()
  })
})

import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packCode } from './code-folder.ts'

describe('the package of a code folder', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-package-'))
    await writeFile(join(folder, 'index.js'), 'exports.handler = async () => 1')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const names = async () => Object.keys(unzipSync((await packCode(folder)).zip())).sort()

  it('leaves out what an ignore file names, and secrets and caches always', async () => {
    await mkdir(join(folder, '.git'))
    await mkdir(join(folder, 'test'))
    await mkdir(join(folder, 'node_modules'))
    await writeFile(join(folder, '.git/HEAD'), 'x')
    await writeFile(join(folder, '.env'), 'SECRET=1')
    await writeFile(join(folder, 'test/a.js'), 'x')
    await writeFile(join(folder, 'node_modules/b.js'), 'x')
    await writeFile(join(folder, 'notes.md'), 'x')
    await writeFile(join(folder, 'README.md'), 'x')
    await writeFile(join(folder, '.millraceignore'), 'test/\n*.md\n!README.md\n')
    expect(await names()).toEqual(['README.md', 'index.js', 'node_modules/b.js'])
  })

  it('is the same archive for the same files, whenever they were written', async () => {
    const first = await packCode(folder)
    await utimes(join(folder, 'index.js'), 1, 1)
    const second = await packCode(folder)
    expect(second.digest).toBe(first.digest)
    expect(Buffer.from(second.zip()).equals(first.zip())).toBe(true)
    await writeFile(join(folder, 'index.js'), 'changed')
    expect((await packCode(folder)).digest).not.toBe(first.digest)
  })

  it('differs when a file becomes executable: a bootstrap has to be', async () => {
    const before = await packCode(folder)
    await chmod(join(folder, 'index.js'), 0o755)
    expect((await packCode(folder)).digest).not.toBe(before.digest)
  })

  it('follows links, once round and no further', async () => {
    await mkdir(join(folder, 'lib'))
    await symlink(join(folder, 'index.js'), join(folder, 'lib/again.js'))
    await symlink(folder, join(folder, 'lib/self'))
    await symlink(join(folder, 'gone'), join(folder, 'broken'))
    expect(await names()).toEqual(['index.js', 'lib/again.js'])
  })

  it('takes an archive as it is, and packs a single file under its name', async () => {
    const archive = (await packCode(folder)).zip()
    await writeFile(join(folder, 'code.zip'), archive)
    expect(Buffer.from((await packCode(join(folder, 'code.zip'))).zip()).equals(archive)).toBe(true)
    expect(Object.keys(unzipSync((await packCode(join(folder, 'index.js'))).zip()))).toEqual(['index.js'])
  })

  it('says what is missing', async () => {
    await expect(packCode(join(folder, 'nowhere'))).rejects.toThrow('nowhere does not exist')
  })
})

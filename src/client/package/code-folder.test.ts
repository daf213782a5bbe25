import { chmod, mkdir, mkdtemp, open, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
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

  it('says in the archive which files are executable', async () => {
    await writeFile(join(folder, 'bootstrap'), '#!/bin/sh')
    await chmod(join(folder, 'bootstrap'), 0o755)
    const { zip } = await packCode(folder)
    const modes = modesIn(Buffer.from(zip()))
    expect(modes).toEqual({ bootstrap: '100755', 'index.js': '100644' })
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

  it('keeps names with spaces, newlines and letters of any language', async () => {
    const strange = ['a b.js', 'new\nline.js', 'ü/日本.js', "it's [x].js"]
    await mkdir(join(folder, 'ü'))
    for (const name of strange) await writeFile(join(folder, name), 'x')
    expect(await names()).toEqual([...strange, 'index.js'].sort())
  })

  it('refuses what is too large before it reads it', async () => {
    const file = await open(join(folder, 'huge'), 'w')
    // A hole: it has the size of 300 GiB, and takes no room.
    await file.truncate(300 * 1024 ** 3)
    await file.close()
    await expect(packCode(folder)).rejects.toThrow(/^it has 307201 MiB; the code of a function has at most 250$/)
    await rename(join(folder, 'huge'), join(folder, 'huge.zip'))
    await expect(packCode(join(folder, 'huge.zip'))).rejects.toThrow('at most 250')
  })

  it('takes a link that leads to itself for no file', async () => {
    await symlink(join(folder, 'loop'), join(folder, 'loop'))
    expect(await names()).toEqual(['index.js'])
    await expect(packCode(join(folder, 'loop'))).rejects.toThrow('there is no such file or folder')
  })

  it('says what is missing', async () => {
    await expect(packCode(join(folder, 'nowhere'))).rejects.toThrow('there is no such file or folder')
  })
})

/** The mode of each file, octal, as the central directory of an archive has it: in the upper half of its external attributes. */
function modesIn(archive: Buffer): Record<string, string> {
  const modes: Record<string, string> = {}
  for (
    let at = archive.indexOf('PK\x01\x02', 0, 'latin1');
    at !== -1;
    at = archive.indexOf('PK\x01\x02', at + 46, 'latin1')
  ) {
    const name = archive.toString('utf8', at + 46, at + 46 + archive.readUInt16LE(at + 28))
    modes[name] = archive.readUInt16LE(at + 40).toString(8)
  }
  return modes
}

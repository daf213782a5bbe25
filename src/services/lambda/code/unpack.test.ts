import { mkdtemp, readdir, readFile, readlink, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type TestFile, testPackage } from '../test-package.ts'
import { openPackage } from './unpack.ts'

const LINK = 0o120777
let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'unpack-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const unpack = async (files: Record<string, string | TestFile>) => {
  using opened = await openPackage(Buffer.from(testPackage(files)))
  await opened.unpack(root)
}
const NOT_UNZIPPABLE = 'Could not unzip uploaded file. Please check your file, then try to upload again.'
const modeOf = async (name: string) => (await stat(join(root, name))).mode & 0o777

describe('a deployment package', () => {
  it('becomes its files, with modes from Unix and readable modes from elsewhere', async () => {
    await unpack({
      bootstrap: { content: '#!/bin/sh', mode: 0o100755 },
      'lib/deep/a.txt': { content: 'a', mode: 0o100640 },
      'dos.txt': { content: 'dos', mode: 0o100600, madeBy: 0 },
    })
    expect(await readFile(join(root, 'lib/deep/a.txt'), 'utf8')).toBe('a')
    expect([await modeOf('bootstrap'), await modeOf('lib/deep/a.txt'), await modeOf('dos.txt')]).toEqual([
      0o755, 0o640, 0o644,
    ])
    expect(await modeOf('lib')).toBe(0o755)
  })

  it('keeps links that stay inside, also to nothing', async () => {
    await unpack({
      'node_modules/x/cli.js': 'x',
      'node_modules/.bin/x': { content: '../x/cli.js', mode: LINK },
      gone: { content: 'nowhere', mode: LINK },
    })
    expect(await readFile(join(root, 'node_modules/.bin/x'), 'utf8')).toBe('x')
    expect(await readlink(join(root, 'gone'))).toBe('nowhere')
  })

  it.each<[string, Record<string, string | TestFile>]>([
    ['climbs out', { 'ok.txt': 'x', '../evil.txt': 'x' }],
    ['climbs out from within', { 'a/../../evil.txt': 'x' }],
    ['is absolute', { '/evil.txt': 'x' }],
    ['is of Windows', { 'a\\..\\..\\evil.txt': 'x' }],
    ['links to an absolute path', { a: { content: '/etc/passwd', mode: LINK } }],
    ['links outside', { 'a/b': { content: '../../etc', mode: LINK } }],
    [
      'links outside through another link',
      { 'd/e/up': { content: '../..', mode: LINK }, out: { content: 'd/e/up/..', mode: LINK } },
    ],
    ['has an endless link', { a: { content: 'x'.repeat(5000), mode: LINK } }],
    ['has a file where a directory must be', { a: 'file', 'a/b': 'x' }],
    ['has a name that is too long', { ['n'.repeat(300)]: 'x' }],
  ])('is refused when it %s', async (_what, files) => {
    await expect(unpack(files)).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: NOT_UNZIPPABLE,
    })
  })

  it('never writes through a link', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'))
    try {
      await symlink(outside, join(root, 'unused'))
      await unpack({ a: { content: 'b', mode: LINK }, 'b/c.txt': 'x' })
      await expect(unpack({ a: { content: 'b', mode: LINK }, 'a/c.txt': 'x' })).rejects.toThrow()
      expect(await readdir(outside)).toEqual([])
    } finally {
      await rm(outside, { recursive: true })
    }
  })

  it('is refused when it is empty, broken or lies about sizes', async () => {
    await expect(openPackage(Buffer.from(testPackage({})))).rejects.toThrow('Uploaded file must be a non-empty zip')
    await expect(openPackage(Buffer.from('abcde'))).rejects.toThrow(NOT_UNZIPPABLE)
    const zip = Buffer.from(testPackage({ 'a.txt': 'a'.repeat(1000) }))
    await expect(openPackage(zip.subarray(0, zip.length - 30))).rejects.toThrow(NOT_UNZIPPABLE)
    const directory = zip.indexOf(Buffer.from('PK\x01\x02', 'latin1'))
    zip.writeUInt32LE(10, directory + 24)
    using opened = await openPackage(zip)
    await expect(opened.unpack(root)).rejects.toThrow(NOT_UNZIPPABLE)
  })

  it('is refused when it would unpack to more than 250 MiB, before anything is written', async () => {
    const zip = Buffer.from(testPackage({ 'a.txt': 'a' }))
    zip.writeUInt32LE(262_144_001, zip.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24)
    await expect(openPackage(zip)).rejects.toThrow('Unzipped size must be smaller than 262144000 bytes')
  })
})

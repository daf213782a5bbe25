import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withSection, writeProfile } from './profile.ts'

describe('a profile in ~/.aws', () => {
  it.each([
    ['an empty file', '', '[profile m]\na = 1\n'],
    ['a file without it', '[default]\nregion = x\n', '[default]\nregion = x\n\n[profile m]\na = 1\n'],
    [
      'a file that has it in the middle',
      '# mine\n[default]\nx = 1\n[ profile m ]\nold = 1\nolder = 2\n\n[profile z]\ny = 2\n',
      '# mine\n[default]\nx = 1\n[profile m]\na = 1\n\n[profile z]\ny = 2\n',
    ],
    ['a file that ends with it', '[default]\n\n[profile m]\nold = 1\n', '[default]\n\n[profile m]\na = 1\n'],
    ['a file with a longer name', '[profile m2]\nb = 2\n', '[profile m2]\nb = 2\n\n[profile m]\na = 1\n'],
  ])('is put into %s, and nothing else changes', (_, before, after) => {
    expect(withSection(before, 'profile m', ['a = 1'])).toBe(after)
    expect(withSection(after, 'profile m', ['a = 1']), 'a second time').toBe(after)
  })

  it('keeps other profiles and their credentials', async () => {
    const awsPath = await mkdtemp(join(tmpdir(), 'millrace-aws-'))
    try {
      await writeFile(join(awsPath, 'credentials'), '[work]\naws_access_key_id = AKIAWORK\n')
      const credentials = { accessKeyId: 'AKIAMILL', secretAccessKey: 'secret' }
      await writeProfile('millrace', { endpoint: 'http://127.0.0.1:4566', region: 'us-east-1', credentials }, awsPath)
      expect(await readFile(join(awsPath, 'credentials'), 'utf8')).toBe(
        '[work]\naws_access_key_id = AKIAWORK\n\n[millrace]\naws_access_key_id = AKIAMILL\naws_secret_access_key = secret\n',
      )
      expect(await readFile(join(awsPath, 'config'), 'utf8')).toContain(
        '[profile millrace]\nregion = us-east-1\nendpoint_url',
      )
    } finally {
      await rm(awsPath, { recursive: true })
    }
  })
})

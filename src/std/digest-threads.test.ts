import { describe, expect, it } from 'vitest'
import { DigestThreads } from './digest-threads.ts'
import { type DigestName, digestBytes } from './digest.ts'

const ALL: DigestName[] = ['md5', 'sha1', 'sha256', 'crc32', 'crc32c', 'crc64nvme']

function blockOf(text: string): SharedArrayBuffer {
  const block = new SharedArrayBuffer(64)
  Buffer.from(block).write(text)
  return block
}

describe('digest threads', () => {
  it('hash several bodies at the same time, block by block', async () => {
    await using threads = new DigestThreads(2)
    const texts = ['alpha', 'beta', 'gamma', 'delta', 'epsilon']
    const digests = await Promise.all(
      texts.map(async (text) => {
        const digester = threads.begin(ALL)
        for (const letter of text) await digester.update(blockOf(letter), 1)
        return digester.digest()
      }),
    )
    expect(digests).toEqual(texts.map((text) => digestBytes(Buffer.from(text), ALL)))
  })

  it('forget a body that is dropped, and go on with others', async () => {
    await using threads = new DigestThreads(1)
    const dropped = threads.begin(['md5'])
    await dropped.update(blockOf('x'), 1)
    dropped.drop()
    const kept = threads.begin(['md5'])
    await kept.update(blockOf('abc'), 3)
    expect(await kept.digest()).toEqual(digestBytes(Buffer.from('abc'), ['md5']))
  })

  it('fail the bodies under way when they are ended', async () => {
    const threads = new DigestThreads(1)
    const digester = threads.begin(['md5'])
    const update = digester.update(blockOf('x'), 1)
    const outcome = update.then(
      () => 'hashed',
      (error: Error) => error.message,
    )
    await threads[Symbol.asyncDispose]()
    expect(await outcome).toMatch(/hashed|digest thread ended/)
    await expect(digester.update(blockOf('y'), 1)).rejects.toThrow('digest thread ended')
  })
})

import { describe, expect, it } from 'vitest'
import { sourceFrom, sourceOf } from '../std/byte-source.ts'
import { PostForm } from './form-data.ts'

const TYPE = 'multipart/form-data; boundary=xyz'

function field(name: string, value: string): string {
  return `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
}

function file(content: string, fileName = 'a.txt'): string {
  return `--xyz\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`
}

async function* split(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size: number): Promise<{ fields: [string, string][]; file: string; name: string }> {
  const form = await PostForm.open(TYPE, sourceFrom(split(text, size)))
  const bytes = await form.collect(4_000_000)
  return { fields: [...form.fields], file: bytes.toString(), name: form.fileName }
}

describe('a posted form', () => {
  const text = `${field('key', 'a/b')}${field('Content-Type', 'text/plain')}${file('hello\r\n--xy not yet\r\n')}--xyz--\r\n`

  it.each([1, 2, 3, 5, 7, 11, 64, 1000])('is the same however its bytes arrive, %i at a time', async (size) => {
    expect(await read(text, size)).toEqual({
      fields: [
        ['key', 'a/b'],
        ['content-type', 'text/plain'],
      ],
      file: 'hello\r\n--xy not yet\r\n',
      name: 'a.txt',
    })
  })

  it('may have a preamble, an empty file, and fields behind the file, which do not count', async () => {
    const read1 = await read(`preamble\r\n${field('key', 'k')}${file('')}${field('acl', 'public-read')}--xyz--`, 9)
    expect(read1).toEqual({ fields: [['key', 'k']], file: '', name: 'a.txt' })
  })

  it('keeps the first of two fields of one name', async () => {
    expect((await read(`${field('key', '1')}${field('KEY', '2')}${file('x')}--xyz--`, 50)).fields).toEqual([
      ['key', '1'],
    ])
  })

  it('names the file without its folders', async () => {
    expect((await read(`${file('x', 'C:\\photos\\cat.jpg')}--xyz--`, 50)).name).toBe('cat.jpg')
    expect((await read(`${file('x', 'photos/say \\"hi\\".jpg')}--xyz--`, 50)).name).toBe('say "hi".jpg')
  })

  it('reads a file of megabytes in pieces', async () => {
    const content = '\r\n-'.repeat(700_000)
    expect((await read(`${field('key', 'k')}${file(content)}--xyz--`, 65_536)).file === content).toBe(true)
  })

  it.each([
    ['no boundary in the content type', 'multipart/form-data', `${file('x')}--xyz--`, 'MalformedPOSTRequest'],
    ['another boundary', 'multipart/form-data; boundary=abc', `${file('x')}--xyz--`, 'MalformedPOSTRequest'],
    ['a part without a name', TYPE, '--xyz\r\nContent-Type: a/b\r\n\r\nx\r\n--xyz--', 'MalformedPOSTRequest'],
    ['an end inside a field', TYPE, field('key', 'k').slice(0, -4), 'MalformedPOSTRequest'],
    ['no file', TYPE, `${field('key', 'k')}--xyz--`, 'InvalidArgument'],
    [
      'fields of more than 20 KB',
      TYPE,
      `${field('a', 'x'.repeat(11_000))}${field('b', 'x'.repeat(11_000))}--xyz--`,
      'MaxPostPreDataLengthExceeded',
    ],
    ['endless headers', TYPE, `--xyz\r\n${'X: y\r\n'.repeat(100_000)}`, 'MaxPostPreDataLengthExceeded'],
    ['endless empty fields', TYPE, field('', '').repeat(10_000), 'MaxPostPreDataLengthExceeded'],
  ])('is refused with %s', async (_, type, body, code) => {
    await expect(PostForm.open(type, sourceOf(body))).rejects.toMatchObject({ code, status: 400 })
  })

  it('does not end quietly when the file breaks off', async () => {
    const form = await PostForm.open(TYPE, sourceOf(`${file('hello')}--xyz--`.slice(0, -12)))
    await expect(form.collect(100)).rejects.toMatchObject({ code: 'MalformedPOSTRequest' })
  })
})

import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testPackage } from '../test-package.ts'
import { ROLE, TestLambda } from '../testing.ts'

const HOUR = 3_600_000
const create = (FunctionName: string, zip: Uint8Array) =>
  test.call('CreateFunction', {
    FunctionName,
    Runtime: 'nodejs22.x',
    Handler: 'index.handler',
    Role: ROLE,
    Code: { ZipFile: zip },
  })
/** Blobs that a sweep would leave: each package lives in one. */
const blobCount = async () => {
  const ids = new Set<string>()
  for await (const id of test.lambda.referencedBlobs()) ids.add(id)
  return ids.size
}

let test: TestLambda
let codePath: string
beforeEach(async () => {
  test = await TestLambda.start()
  const directory = await test.lambda.code.prepare(Buffer.from(testPackage({ 'first.txt': '1' })))
  codePath = dirname(await test.lambda.code.directory(directory.sha256))
})
afterEach(() => test[Symbol.asyncDispose]())

describe('stored code', () => {
  it('is kept once however many functions use it', async () => {
    await create('F', testPackage())
    await create('G', testPackage())
    expect(await blobCount()).toBe(1)
  })

  it('is unpacked again when its directory is missing', async () => {
    await create('F', testPackage())
    for (const name of await readdir(codePath)) await rm(join(codePath, name), { recursive: true })
    test = test.restart()
    await test.call('Invoke', { FunctionName: 'F' })
    expect(await readdir(test.executor.runs[0]?.codePath as string)).toEqual(['index.mjs'])
  })

  it('goes an hour after its last function, and stays as long as one uses it', async () => {
    await create('F', testPackage())
    await create('G', testPackage({ 'other.mjs': '1' }))
    await test.call('DeleteFunction', { FunctionName: 'F' })
    await test.lambda.code.sweep()
    expect(await blobCount()).toBe(2)
    await test.clock.advance(HOUR + 1)
    await test.lambda.code.sweep()
    expect(await blobCount()).toBe(1)
    await test.call('Invoke', { FunctionName: 'G' })
    await create('F', testPackage())
    await test.call('Invoke', { FunctionName: 'F' })
    expect(test.executor.runs).toHaveLength(2)
  })

  it('is swept from disk when no row names it', async () => {
    expect(await readdir(codePath)).toHaveLength(1)
    test = test.restart()
    await test.lambda.code.sweep()
    expect(await readdir(codePath)).toEqual([])
  })
})

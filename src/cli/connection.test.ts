import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { leaveCredentials } from '../data-directory.ts'
import { nearestDataPath } from './connection.ts'

let folder = ''
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-nearest-')))
  await mkdir(join(folder, 'project/deep'), { recursive: true })
})
afterEach(() => rm(folder, { recursive: true }))

const serverIn = async (path: string) => {
  await mkdir(join(folder, path), { recursive: true })
  await leaveCredentials(join(folder, path), { accessKeyId: 'AKIA', secretAccessKey: 'secret' })
}
const nearest = () => nearestDataPath(join(folder, 'project/deep/.millrace'))

it('a command finds the server of a folder above', async () => {
  await serverIn('.millrace')
  expect(await nearest()).toBe(join(folder, '.millrace'))
})

it('a nearer server goes before one further up', async () => {
  await serverIn('.millrace')
  await serverIn('project/.millrace')
  expect(await nearest()).toBe(join(folder, 'project/.millrace'))
})

it('without any, the folder itself is named', async () => {
  expect(await nearest()).toBe(join(folder, 'project/deep/.millrace'))
})

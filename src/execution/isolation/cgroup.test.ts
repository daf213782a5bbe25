import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CgroupTree } from './cgroup.ts'

const tree = await CgroupTree.open()
if (typeof tree === 'string') console.warn(`cgroups are not tested: ${tree}`)

it.runIf(typeof tree !== 'string')('a group weighs and holds what its memory says, and can be resized', async () => {
  if (typeof tree === 'string') return
  const group = tree.create({ memoryMb: 1769, processesMax: 10 })
  try {
    const read = (name: string) => {
      const file = group.joinFiles.map((path) => join(path, '..', name)).find((path) => existsSync(path))
      return file === undefined ? undefined : Number(readFileSync(file, 'utf8'))
    }
    const weights = () => [read('cpu.shares'), read('cpu.weight')].filter((weight) => weight !== undefined)
    const bytes = () => read('memory.limit_in_bytes') ?? read('memory.max')
    expect([weights(), bytes()]).toEqual([weights().length === 0 ? [] : [one()], 1769 * 1024 * 1024])
    group.resize(3538)
    expect([weights(), bytes()]).toEqual([weights().length === 0 ? [] : [2 * one()], 3538 * 1024 * 1024])
    group.resize(128)
    expect(bytes()).toBe(128 * 1024 * 1024)
    function one(): number {
      return read('cpu.shares') === undefined ? 100 : 1024
    }
  } finally {
    await group.remove()
    tree.close()
  }
})

it.runIf(typeof tree !== 'string')(
  'trees of two servers in one process do not get in the way of each other',
  async () => {
    const [one, two] = [await CgroupTree.open(), await CgroupTree.open()]
    if (typeof one === 'string' || typeof two === 'string') throw new Error('there were groups before')
    const limits = { memoryMb: 128, processesMax: 10 }
    const groups = [one.create(limits), two.create(limits)]
    await groups[1]?.remove()
    two.close()
    const later = one.create(limits)
    await groups[0]?.remove()
    await later.remove()
    one.close()
  },
)

import { expect } from 'vitest'
import type { ResourceType } from '../../src/services/cloudformation/resource-types/resource-type.ts'
import { resourceSchemas } from '../../src/services/cloudformation/schemas.ts'
import type { TemplateObject } from '../../src/template/template.ts'
import { Died, type ResourceHouse, type StackResource } from './resource-house.ts'

export interface Life {
  readonly type: ResourceType
  readonly properties: TemplateObject
  /** What an update makes of it, one after the other; the first properties again are the last. */
  readonly changes?: readonly TemplateObject[]
  /** Attributes of the specification that it does not have. */
  readonly lacks?: RegExp
}

/**
 * Everything that a stack asks of a resource: it is made, reads as written, is changed and changed back, bears that every step is repeated and
 * that a call in any step fails, and is gone at the end, also the second time.
 */
export async function live(house: ResourceHouse, life: Life): Promise<StackResource> {
  const { type, properties, changes = [], lacks } = life
  const resource = house.resource(type)
  expect(resource.refusals(properties)).toEqual([])
  const made = await resource.with(undefined, () => resource.create(properties))
  const createCalls = resource.callCount
  expect(await resource.read()).toEqual(properties)
  const names = Object.keys(made.attributes).sort()
  expect(names).toEqual((resourceSchemas(type.name)?.attributes ?? []).filter((name) => !lacks?.test(name)).sort())
  const again = await resource.create(properties, { isRepeat: true })
  expect(again.physicalId).toBe(made.physicalId)
  expect(again.attributes).toEqual(made.attributes)
  let before = properties
  for (const change of [...changes, properties]) {
    await changeTo(resource, before, change)
    expect(resource.existing.physicalId).toBe(made.physicalId)
    before = change
  }
  await remove(resource)
  await createWithAccidents(house, life, createCalls)
  expect(house.failures).toEqual([])
  return resource
}

async function changeTo(resource: StackResource, before: TemplateObject, change: TemplateObject): Promise<void> {
  await resource.with(undefined, () => resource.update(change))
  const { callCount } = resource
  expect(await resource.read()).toEqual(change)
  await resource.update(change, { isRepeat: true })
  expect(await resource.read()).toEqual(change)
  for (let atCall = 0; atCall < callCount; atCall++) {
    // Taken back: what it is now is what the update that failed was to make of it, as far as the stack knows.
    await resource.update(before)
    const { existing } = resource
    const refused = resource.with({ kind: 'refused', atCall }, () => resource.update(change))
    await expect(refused).rejects.toThrow('an accident of the test')
    resource.existing = { ...existing, properties: change }
    await resource.update(before)
    expect(await resource.read()).toEqual(before)
    // Begun again, by another process.
    const died = resource.with({ kind: 'died', atCall }, () => resource.update(change))
    await expect(died).rejects.toThrow(Died)
    await resource.update(change, { isRepeat: true })
    expect(await resource.read()).toEqual(change)
  }
}

async function createWithAccidents(house: ResourceHouse, life: Life, callCount: number): Promise<void> {
  for (let atCall = 0; atCall < callCount; atCall++) {
    const resource = house.resource(life.type)
    const refused = resource.with({ kind: 'refused', atCall }, () => resource.create(life.properties))
    await expect(refused).rejects.toThrow('an accident of the test')
    // Nothing is left of it: the name is free.
    await resource.create(life.properties)
    await remove(resource)
    const died = resource.with({ kind: 'died', atCall }, () => resource.create(life.properties))
    await expect(died).rejects.toThrow(Died)
    await resource.create(life.properties, { isRepeat: true })
    expect(await resource.read()).toEqual(life.properties)
    await remove(resource)
  }
}

async function remove(resource: StackResource): Promise<void> {
  await resource.delete()
  expect(await resource.read()).toBeUndefined()
  await resource.delete()
}

import { expect } from 'vitest'
import type { ResourceType } from '../../src/services/cloudformation/resource-types/resource-type.ts'
import { resourceSchemas } from '../../src/services/cloudformation/schemas.ts'
import type { TemplateObject } from '../../src/template/template.ts'
import type { ResourceHouse, StackResource } from './resource-house.ts'

export interface Life {
  readonly type: ResourceType
  readonly properties: TemplateObject
  /** What an update makes of it, one after the other; the first properties again are the last. */
  readonly changes?: readonly TemplateObject[]
  /** Attributes of the specification that it does not have. */
  readonly lacks?: RegExp
}

/**
 * Everything that a stack asks of a resource: it is made, reads as written, is changed and changed back, bears that every step is repeated,
 * and is gone at the end, also the second time.
 */
export async function live(
  house: ResourceHouse,
  { type, properties, changes = [], lacks }: Life,
): Promise<StackResource> {
  const resource = house.resource(type)
  expect(resource.refusals(properties)).toEqual([])
  const made = await resource.create(properties)
  expect(await resource.read()).toEqual(properties)
  const names = Object.keys(made.attributes).sort()
  expect(names).toEqual((resourceSchemas(type.name)?.attributes ?? []).filter((name) => !lacks?.test(name)).sort())
  const again = await resource.create(properties, { isRepeat: true })
  expect(again.physicalId).toBe(made.physicalId)
  expect(again.attributes).toEqual(made.attributes)
  for (const change of [...changes, properties]) {
    const changed = await resource.update(change)
    expect(changed.physicalId).toBe(made.physicalId)
    expect(await resource.read()).toEqual(change)
    await resource.update(change, { isRepeat: true })
    expect(await resource.read()).toEqual(change)
  }
  await resource.delete()
  expect(await resource.read()).toBeUndefined()
  await resource.delete()
  expect(house.failures).toEqual([])
  return resource
}

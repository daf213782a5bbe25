import type { Store } from '../../store/store.ts'
import type { Scope } from '../../template/scope.ts'
import { Refusal } from './refusal.ts'
import { resources } from './tables.ts'

/** Throws {@link Refusal} when a template gives a logical id that the stack has to a resource of another type. */
export async function refuseTypeChanges(store: Store, stackId: string, after: Scope): Promise<void> {
  const changed: string[] = []
  for await (const { value } of resources.scan(store, [stackId])) {
    const next = after.template.Resources[value.logicalId]
    if (value.made === null || next === undefined || next.Type === value.made.type) continue
    // What is not to be made is removed, whatever it would have been.
    if (next.Condition === undefined || after.conditions.isTrue(next.Condition)) changed.push(value.logicalId)
  }
  if (changed.length === 0) return
  throw new Refusal(
    `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${changed.join(', ')}]`,
  )
}

import type { Store } from '../../store/store.ts'
import type { Home } from './arn.ts'
import { Refusal } from './refusal.ts'
import { exports } from './tables.ts'

/** The values of exports, by name. Throws {@link Refusal} for one that no stack has. */
export async function importedValues(
  store: Store,
  { accountId, region }: Home,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {}
  for (const name of names) {
    const row = await exports.get(store, [accountId, region, name])
    if (row === undefined) throw new Refusal(`No export named ${name} found.`)
    values[name] = row.value
  }
  return values
}

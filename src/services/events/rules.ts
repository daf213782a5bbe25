import type { Reader } from '../../store/table.ts'
import type { RuleRef } from './arn.ts'
import { requireBus } from './buses.ts'
import { ruleNotFound } from './errors.ts'
import { type RuleRow, ruleKey, rules } from './tables.ts'

/** Throws ResourceNotFoundException, for the bus or the rule. */
export async function requireRule(
  reader: Reader,
  ref: RuleRef,
  home: { readonly accountId: string; readonly region: string },
): Promise<RuleRow> {
  await requireBus(reader, ref.bus, home)
  const row = await rules.get(reader, ruleKey(ref))
  if (row === undefined) throw ruleNotFound(ref)
  return row
}

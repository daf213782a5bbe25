import type { Call } from '../../protocol/operation.ts'
import type { Transaction } from '../../store/transaction.ts'
import { parameterLimitExceeded } from './errors.ts'
import { counts, type Tier } from './tables.ts'

/** Per account and Region. https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const PARAMETER_COUNT_MAX = { standard: 10_000, advanced: 100_000 } as const

/** Counts that a parameter of `before` became one of `after`; undefined stands for none. Throws ParameterLimitExceeded. */
export async function changeCount(
  tx: Transaction,
  { accountId, region }: Pick<Call, 'accountId' | 'region'>,
  before: Tier | undefined,
  after: Tier | undefined,
): Promise<void> {
  if (before === after) return
  const old = (await counts.get(tx, [accountId, region])) ?? { standard: 0, advanced: 0 }
  const count = {
    standard: old.standard + is(after, 'Standard') - is(before, 'Standard'),
    advanced: old.advanced + is(after, 'Advanced') - is(before, 'Advanced'),
  }
  for (const tier of ['standard', 'advanced'] as const) {
    const max = PARAMETER_COUNT_MAX[tier]
    if (count[tier] > max && count[tier] > old[tier]) throw parameterLimitExceeded(max, tier)
  }
  counts.put(tx, [accountId, region], count)
}

function is(tier: Tier | undefined, wanted: Tier): number {
  return tier === wanted ? 1 : 0
}

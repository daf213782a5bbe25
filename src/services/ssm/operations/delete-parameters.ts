import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { parameterGrant } from '../access.ts'
import { requireCount } from '../constraints.ts'
import { changeCount } from '../counts.ts'
import { parameterNotFound } from '../errors.ts'
import type { SsmOperation } from '../model.ts'
import { parameterKey, parseReference } from '../names.ts'
import { findParameter } from '../parameters.ts'
import type { Ssm } from '../service.ts'
import { parameters, versions } from '../tables.ts'

const NAME_COUNT_MAX = 10

export const DeleteParameter: SsmOperation<'DeleteParameter'> = {
  async authorize(call, ssm) {
    return [await parameterGrant(call, ssm, 'DeleteParameter', call.input.Name)]
  },
  async handle(call, ssm) {
    const { Name } = call.input
    if (!(await remove(call, ssm, Name))) throw parameterNotFound(Name)
    return {}
  },
}

export const DeleteParameters: SsmOperation<'DeleteParameters'> = {
  authorize(call, ssm) {
    const { Names } = call.input
    requireCount('names', Names, 1, NAME_COUNT_MAX)
    return Promise.all(Names.map((name) => parameterGrant(call, ssm, 'DeleteParameters', name)))
  },
  async handle(call, ssm) {
    const DeletedParameters: string[] = []
    const InvalidParameters: string[] = []
    for (const name of new Set(call.input.Names)) {
      const list = (await remove(call, ssm, name)) ? DeletedParameters : InvalidParameters
      list.push(name)
    }
    return { DeletedParameters, InvalidParameters }
  },
}

/** Removes a parameter with all its versions; false when there is none. */
function remove(call: Call, { store }: Ssm, reference: string): Promise<boolean> {
  const ref = parseReference(call, reference)
  return transact(store, async (tx) => {
    // A version cannot be removed alone.
    const found = ref.selector === undefined ? await findParameter(tx, call, ref) : undefined
    if (found === undefined) return false
    const key = parameterKey(call, found.name)
    for (let version = found.row.oldest; version <= found.row.version; version++) versions.delete(tx, [...key, version])
    parameters.delete(tx, key)
    await changeCount(tx, call, found.row.tier, undefined)
    return true
  })
}

import type { Call } from '../../protocol/operation.ts'
import { transact } from '../../store/transaction.ts'
import { assertReachable, type FunctionRef } from './arn.ts'
import { noSuchResource } from './errors.ts'
import { parseMappingArn } from './event-sources/mapping.ts'
import { changeFunction } from './function-changes.ts'
import { homeOf } from './operation.ts'
import type { Lambda } from './service.ts'
import { signingKeyOf } from './signing/code-signing.ts'
import { codeSigningConfigs, eventSources } from './tables.ts'
import { taggedFunction } from './tagged-function.ts'

type Tags = Readonly<Record<string, string>>
type TagCall = Call<{ Resource: string }>

export async function readTags(call: TagCall, lambda: Lambda): Promise<Tags> {
  const named = namedBy(call)
  if (named.kind === 'function') return (await lambda.catalog.require(named.ref, homeOf(call))).tags
  const row =
    named.kind === 'mapping'
      ? await eventSources.get(lambda.store, named.key)
      : await codeSigningConfigs.get(lambda.store, named.key)
  if (row === undefined) throw noSuchResource()
  return row.tags
}

/** Changes the tags of a function, which gives it a new revision, of an event source mapping or of a code signing configuration. */
export async function changeTags(
  call: TagCall,
  lambda: Lambda,
  revisionId: string,
  change: (tags: Tags) => Tags,
): Promise<void> {
  const named = namedBy(call)
  await transact(lambda.store, async (tx) => {
    if (named.kind === 'function') {
      await changeFunction(tx, named.ref, (row) => ({
        ...row,
        tags: change(row.tags),
        latest: { ...row.latest, revisionId },
      }))
      return
    }
    if (named.kind === 'signing') {
      const row = await codeSigningConfigs.get(tx, named.key)
      if (row === undefined) throw noSuchResource()
      codeSigningConfigs.put(tx, named.key, { ...row, tags: change(row.tags) })
      return
    }
    const row = await eventSources.get(tx, named.key)
    if (row === undefined) throw noSuchResource()
    eventSources.put(tx, named.key, { ...row, tags: change(row.tags) })
  })
}

type Named =
  | { readonly kind: 'function'; readonly ref: FunctionRef }
  | { readonly kind: 'mapping' | 'signing'; readonly key: readonly [string, string, string] }

function namedBy(call: TagCall): Named {
  const { accountId, region } = homeOf(call)
  const id = parseMappingArn(call.input.Resource, { accountId, region })
  if (id !== undefined) return { kind: 'mapping', key: [accountId, region, id] }
  const signing = signingKeyOf(call.input.Resource, { accountId, region })
  if (signing !== undefined) return { kind: 'signing', key: signing }
  const ref = taggedFunction(call.input.Resource)
  assertReachable(ref, homeOf(call))
  return { kind: 'function', ref }
}

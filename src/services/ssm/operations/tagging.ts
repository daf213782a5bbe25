import type { Call, Grant } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { parameterGrant, requestTags } from '../access.ts'
import { requireOneOf } from '../constraints.ts'
import { invalidResourceId, unsupported } from '../errors.ts'
import type { SsmOperation } from '../model.ts'
import { parameterKey, parseReference } from '../names.ts'
import { type Found, findParameter } from '../parameters.ts'
import type { Ssm } from '../service.ts'
import { parameters, type Tags } from '../tables.ts'
import { tagsOf } from '../tags.ts'

const RESOURCE_TYPES = [
  'Document',
  'ManagedInstance',
  'MaintenanceWindow',
  'Parameter',
  'PatchBaseline',
  'OpsItem',
  'OpsMetadata',
  'Automation',
  'Association',
] as const

interface TaggedResource {
  readonly ResourceType: string
  readonly ResourceId: string
}

export const AddTagsToResource: SsmOperation<'AddTagsToResource'> = {
  authorize: (call, ssm) => taggingGrant(call, ssm, 'AddTagsToResource', requestTags(call.input.Tags)),
  async handle(call, ssm) {
    await changeTags(call, ssm, (tags) => tagsOf(tags, call.input.Tags))
    return {}
  },
}

export const RemoveTagsFromResource: SsmOperation<'RemoveTagsFromResource'> = {
  authorize: (call, ssm) =>
    taggingGrant(call, ssm, 'RemoveTagsFromResource', { 'aws:TagKeys': [...call.input.TagKeys] }),
  async handle(call, ssm) {
    const gone = new Set(call.input.TagKeys)
    await changeTags(call, ssm, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))))
    return {}
  },
}

export const ListTagsForResource: SsmOperation<'ListTagsForResource'> = {
  authorize: (call, ssm) => taggingGrant(call, ssm, 'ListTagsForResource'),
  async handle(call, { store }) {
    const found = await findParameter(store, call, parseReference(call, call.input.ResourceId))
    const { row } = required(call, found)
    return { TagList: Object.entries(row.tags).map(([Key, Value]) => ({ Key, Value })) }
  },
}

async function taggingGrant(
  call: Call<TaggedResource>,
  ssm: Ssm,
  action: string,
  context: Grant['context'] = {},
): Promise<Grant[]> {
  const { ResourceType, ResourceId } = call.input
  const type = requireOneOf('resourceType', ResourceType, RESOURCE_TYPES)
  if (type !== 'Parameter') throw unsupported(`ResourceType ${type}`)
  return [await parameterGrant(call, ssm, action, ResourceId, context)]
}

function changeTags(call: Call<TaggedResource>, { store }: Ssm, change: (tags: Tags) => Tags): Promise<void> {
  const ref = parseReference(call, call.input.ResourceId)
  return transact(store, async (tx) => {
    const { name, row } = required(call, await findParameter(tx, call, ref))
    parameters.put(tx, parameterKey(call, name), { ...row, tags: change(row.tags) })
  })
}

function required(call: Call<TaggedResource>, found: Found | undefined): Found {
  if (found === undefined) throw invalidResourceId(call.input.ResourceId)
  return found
}

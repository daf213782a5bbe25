import { type Caller, callerArn } from '../../../protocol/caller.ts'
import type { Call } from '../../../protocol/operation.ts'
import { transact } from '../../../store/transaction.ts'
import { parameterGrant, requestTags } from '../access.ts'
import { checkPattern, requireLength, requireOneOf } from '../constraints.ts'
import { changeCount } from '../counts.ts'
import {
  invalidKeyId,
  parameterAlreadyExists,
  typeMismatch,
  unsupported,
  validation,
  versionLimitExceeded,
} from '../errors.ts'
import type { Input, SsmOperation } from '../model.ts'
import { checkNewName, parameterKey } from '../names.ts'
import { findVersion, sealed } from '../parameters.ts'
import { type ParameterKind, type ParameterRow, parameters, type Tier, versions } from '../tables.ts'
import { tagsOf } from '../tags.ts'

const KINDS = ['SecureString', 'StringList', 'String'] as const
const TIERS = ['Standard', 'Advanced', 'Intelligent-Tiering'] as const
/** What SecureString is encrypted with when no key is named; the only key that is here. */
const DEFAULT_KEY = 'alias/aws/ssm'
/** https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html */
const VALUE_BYTES_MAX: Readonly<Record<Tier, number>> = { Standard: 4096, Advanced: 8192 }
const VERSION_COUNT_MAX = 100

/** Creates a parameter, or gives it another version. */
export const PutParameter: SsmOperation<'PutParameter'> = {
  async authorize(call, ssm) {
    const { Name, Overwrite, Tags } = call.input
    const context = { ...requestTags(Tags), 'ssm:Overwrite': String(Overwrite ?? false) }
    checkNewName(call, Name)
    const grant = await parameterGrant(call, ssm, 'PutParameter', Name, context)
    const hasTags = Tags !== undefined && Tags.length > 0
    return hasTags ? [grant, { ...grant, action: 'ssm:AddTagsToResource' }] : [grant]
  },

  async handle(call, ssm) {
    const { input } = call
    checkMembers(input)
    const name = input.Name
    const key = parameterKey(call, name)
    // Sealing needs randomness, which a transaction may not have.
    const sealedValue = sealed(ssm, call, name, input.Value)
    return transact(ssm.store, async (tx) => {
      const old = await parameters.get(tx, key)
      if (old !== undefined && input.Overwrite !== true) throw parameterAlreadyExists()
      const kind = kindOf(input, old)
      const tier = tierOf(input, old)
      checkValue(input, kind)
      checkSize(input.Value, tier)
      if (kind !== 'SecureString' && input.KeyId !== undefined) {
        throw validation('KeyId is required for SecureString type parameter only.')
      }
      const version = (old?.version ?? 0) + 1
      const previous = old && (await findVersion(tx, call, name, old.version))
      const oldest = old === undefined ? 1 : oldestAfter(name, old, version)
      for (let number = old?.oldest ?? 1; number < oldest; number++) versions.delete(tx, [...key, number])
      await changeCount(tx, call, old?.tier, tier)
      parameters.put(tx, key, {
        version,
        oldest,
        kind,
        tier,
        labels: old?.labels ?? {},
        tags: tagsOf(old?.tags ?? {}, input.Tags),
      })
      versions.put(tx, [...key, version], {
        kind,
        value: kind === 'SecureString' ? sealedValue : input.Value,
        description: input.Description ?? previous?.description ?? null,
        allowedPattern: input.AllowedPattern || null,
        tier,
        keyId: kind === 'SecureString' ? (input.KeyId ?? DEFAULT_KEY) : null,
        modifiedMs: call.nowMs,
        modifiedBy: modifierOf(call.caller, call),
      })
      return { Version: version, Tier: tier }
    })
  },
}

function checkMembers(input: Input<'PutParameter'>): void {
  const { Type, Tier, DataType, KeyId, Policies, Tags, Overwrite } = input
  requireLength('value', input.Value, 1, Number.MAX_SAFE_INTEGER)
  requireLength('description', input.Description, 0, 1024)
  requireLength('allowedPattern', input.AllowedPattern, 0, 1024)
  if (Type !== undefined) requireOneOf('type', Type, KINDS)
  if (Tier !== undefined) requireOneOf('tier', Tier, TIERS)
  if (DataType !== undefined && DataType !== 'text') {
    if (DataType === 'aws:ec2:image' || DataType === 'aws:ssm:integration') throw unsupported(`DataType ${DataType}`)
    throw validation(`The following data type is not supported: ${DataType} (Data type names are all lowercase.)`)
  }
  if (Policies !== undefined && Policies !== '' && Policies !== '[]') throw unsupported('Policies')
  if (KeyId !== undefined && KeyId !== DEFAULT_KEY) {
    throw invalidKeyId(`Key ${KeyId} does not exist. SecureString parameters are encrypted with ${DEFAULT_KEY} here.`)
  }
  if (Overwrite === true && Tags !== undefined && Tags.length > 0) {
    throw validation(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
    )
  }
}

function kindOf({ Type }: Input<'PutParameter'>, old: ParameterRow | undefined): ParameterKind {
  const kind = Type ?? old?.kind
  if (kind === undefined) throw validation('A parameter type is required when you create a parameter.')
  if (old !== undefined && kind !== old.kind) {
    throw typeMismatch(
      "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.",
    )
  }
  return kind
}

function tierOf({ Tier, Value }: Input<'PutParameter'>, old: ParameterRow | undefined): Tier {
  if (Tier === 'Advanced' || (Tier !== 'Standard' && old?.tier === 'Advanced')) return 'Advanced'
  if (Tier === 'Standard' && old?.tier === 'Advanced') {
    throw validation(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
    )
  }
  return Tier === 'Intelligent-Tiering' && byteCount(Value) > VALUE_BYTES_MAX.Standard ? 'Advanced' : 'Standard'
}

function checkSize(value: string, tier: Tier): void {
  const max = VALUE_BYTES_MAX[tier]
  if (byteCount(value) <= max) return
  throw validation(
    tier === 'Standard'
      ? `Standard tier parameters support a maximum parameter value of ${max} characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html`
      : `Advanced tier parameters support a maximum parameter value of ${max} characters.`,
  )
}

function checkValue({ AllowedPattern, Value }: Input<'PutParameter'>, kind: ParameterKind): void {
  // Terraform sends an empty one where there is none.
  if (AllowedPattern === undefined || AllowedPattern === '') return
  // Each item of a list has to match. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
  for (const item of kind === 'StringList' ? Value.split(',') : [Value]) checkPattern(AllowedPattern, item)
}

/** The oldest version that is kept beside a new one. Throws ParameterMaxVersionLimitExceeded when a label holds the one that has to go. */
function oldestAfter(name: string, { oldest, labels }: ParameterRow, version: number): number {
  const kept = Math.max(oldest, version - VERSION_COUNT_MAX + 1)
  const held = Object.values(labels).find((number) => number < kept)
  if (held !== undefined) throw versionLimitExceeded(name, held, VERSION_COUNT_MAX)
  return kept
}

function modifierOf(caller: Caller, { accountId }: Call): string {
  return callerArn(caller) ?? `arn:aws:iam::${accountId}:root`
}

function byteCount(text: string): number {
  return Buffer.byteLength(text, 'utf8')
}

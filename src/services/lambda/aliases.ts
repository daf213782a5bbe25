import type { AliasConfiguration, AliasRoutingConfiguration } from '@aws-sdk/client-lambda'
import type { Transaction } from '../../store/transaction.ts'
import { assertReachable, type FunctionRef, functionArn } from './arn.ts'
import { functionKey, requireFunctionIn } from './catalog.ts'
import { Constraints } from './constraints.ts'
import { functionNotFound, invalidParameterValue, validationException } from './errors.ts'
import { homeOf, refOf } from './operation.ts'
import { type AliasRow, LATEST, type VersionConfig, versions } from './tables.ts'
import type { Call } from '../../protocol/operation.ts'

const NAME_PATTERN = '(?!^[0-9]+$)([a-zA-Z0-9-_]+)'
const VERSION_PATTERN = '(\\$LATEST|[0-9]+)'

export interface AliasInput {
  readonly Name: string | undefined
  readonly FunctionVersion?: string | undefined
  readonly Description?: string | undefined
}

/** The function of an alias call, without a qualifier: the alias has a member of its own. */
export function aliasedFunction(call: Call<{ FunctionName: string }>): FunctionRef {
  const ref = refOf(call)
  assertReachable(ref, homeOf(call))
  return { ...ref, qualifier: undefined }
}

/** Throws ValidationException. */
export function checkAliasInput(input: AliasInput): void {
  new Constraints()
    .length('name', input.Name, 1, 128)
    .pattern('name', input.Name, NAME_PATTERN)
    .length('functionVersion', input.FunctionVersion, 1, 1024)
    .pattern('functionVersion', input.FunctionVersion, VERSION_PATTERN)
    .length('description', input.Description, 0, 256)
    .check()
}

/** The second version of an alias as a request gives it: `undefined` when it says nothing, `null` when it takes it away. */
export function readRouting(routing: AliasRoutingConfiguration | undefined): AliasRow['additional'] | undefined {
  if (routing === undefined) return undefined
  const weights = Object.entries(routing.AdditionalVersionWeights ?? {})
  const first = weights[0]
  if (first === undefined) return null
  if (weights.length > 1) {
    throw invalidParameterValue('Number of items in AdditionalVersionWeights cannot be greater than 1')
  }
  const [version, weight] = first
  if (version === LATEST) throw latestIsUnweighted()
  const shown = `{${version}=${Number.isInteger(weight) ? `${weight}.0` : weight}}`
  if (!/^[0-9]{1,1024}$/.test(version)) {
    const rules = [
      'Member must have length less than or equal to 1024',
      'Member must have length greater than or equal to 1',
      'Member must satisfy regular expression pattern: [0-9]+',
      'Member must not be null',
    ]
    throw weightsProblem(shown, `Map keys must satisfy constraint: [${rules.join(', ')}]`)
  }
  if (!(weight >= 0 && weight <= 1)) {
    const rules = [
      'Member must have value less than or equal to 1.0',
      'Member must have value greater than or equal to 0.0',
      'Member must not be null',
    ]
    throw weightsProblem(shown, `Map value must satisfy constraint: [${rules.join(', ')}]`)
  }
  return { version, weight }
}

/** Throws unless the versions exist and may share one alias. */
export async function assertRoutable(tx: Transaction, ref: FunctionRef, alias: AliasRow): Promise<void> {
  const main = await requireConfig(tx, ref, alias.version)
  const { additional } = alias
  if (additional === null) return
  if (alias.version === LATEST) throw latestIsUnweighted()
  if (additional.version === alias.version) {
    throw invalidParameterValue(
      `Invalid function version ${alias.version}. Function version ${alias.version} is already included in routing configuration.`,
    )
  }
  const other = await requireConfig(tx, ref, additional.version)
  if (main.roleArn !== other.roleArn || main.deadLetterArn !== other.deadLetterArn) {
    throw invalidParameterValue(
      'Both versions of an alias must have the same execution role and the same dead-letter queue, or none.',
    )
  }
}

export function aliasConfigurationOf(ref: FunctionRef, name: string, row: AliasRow): AliasConfiguration {
  const { additional } = row
  return {
    AliasArn: `${functionArn(ref)}:${name}`,
    Name: name,
    FunctionVersion: row.version,
    Description: row.description,
    RevisionId: row.revisionId,
    ...(additional !== null && {
      RoutingConfig: { AdditionalVersionWeights: { [additional.version]: additional.weight } },
    }),
  }
}

async function requireConfig(tx: Transaction, ref: FunctionRef, version: string): Promise<VersionConfig> {
  if (version === LATEST) return (await requireFunctionIn(tx, ref)).latest
  const config = await versions.get(tx, [...functionKey(ref), Number(version)])
  if (config === undefined) throw functionNotFound(`${functionArn(ref)}:${version}`)
  return config
}

function weightsProblem(shown: string, constraint: string) {
  const field = 'routingConfig.additionalVersionWeights'
  return validationException(
    `1 validation error detected: Value '${shown}' at '${field}' failed to satisfy constraint: ${constraint}`,
  )
}

function latestIsUnweighted() {
  return invalidParameterValue('$LATEST is not supported for an alias pointing to more than 1 version')
}

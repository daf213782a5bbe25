import type { Parameter, ParameterMetadata } from '@aws-sdk/client-ssm'
import { assert } from '../../std/assert.ts'
import type { Reader } from '../../store/table.ts'
import type { Call } from '../../protocol/operation.ts'
import { labelNotFound, parameterNotFound, versionNotFound } from './errors.ts'
import { parameterArn, type ParameterRef, parameterKey } from './names.ts'
import type { Ssm } from './service.ts'
import { type ParameterRow, parameters, type VersionRow, versions } from './tables.ts'

type Home = Pick<Call, 'accountId' | 'region'>

export interface Found {
  readonly name: string
  readonly row: ParameterRow
}

export interface FoundVersion extends Found {
  readonly number: number
  readonly version: VersionRow
  /** With its colon; undefined when the request had none. */
  readonly selector: string | undefined
}

export async function findParameter(reader: Reader, home: Home, { names }: ParameterRef): Promise<Found | undefined> {
  for (const name of names) {
    const row = await parameters.get(reader, parameterKey(home, name))
    if (row !== undefined) return { name, row }
  }
  return undefined
}

/** Throws ParameterNotFound. */
export async function requireParameter(reader: Reader, home: Home, ref: ParameterRef): Promise<Found> {
  const found = await findParameter(reader, home, ref)
  if (found === undefined) throw parameterNotFound(ref.text)
  return found
}

/** The version that the selector names, else the newest. Throws ParameterNotFound and ParameterVersionNotFound. */
export async function requireVersion(reader: Reader, home: Home, ref: ParameterRef): Promise<FoundVersion> {
  const { name, row } = await requireParameter(reader, home, ref)
  const { selector } = ref
  const number = selector === undefined ? row.version : versionOf(name, row, selector)
  const version = await findVersion(reader, home, name, number)
  if (version === undefined) throw versionNotFound(name, number)
  return { name, row, number, version, selector: selector === undefined ? undefined : `:${selector}` }
}

export function findVersion(reader: Reader, home: Home, name: string, number: number): Promise<VersionRow | undefined> {
  return versions.get(reader, [...parameterKey(home, name), number])
}

/** The newest version of a parameter that was just read; undefined when it has gone since. */
export async function newestOf(reader: Reader, home: Home, { name, row }: Found): Promise<FoundVersion | undefined> {
  const version = await findVersion(reader, home, name, row.version)
  return version === undefined ? undefined : { name, row, number: row.version, version, selector: undefined }
}

/** As GetParameter shows it. Without decryption a SecureString is what it was sealed to. */
export function shownParameter(
  ssm: Ssm,
  home: Home,
  found: FoundVersion,
  withDecryption: boolean | undefined,
): Parameter {
  const { name, number, version, selector } = found
  return {
    Name: name,
    Type: version.kind,
    Value: withDecryption === true ? opened(ssm, home, name, version) : version.value,
    Version: number,
    ...(selector !== undefined && { Selector: selector }),
    LastModifiedDate: new Date(version.modifiedMs),
    ARN: parameterArn(home, name),
    DataType: 'text',
  }
}

/** As DescribeParameters and GetParameterHistory show it. */
export function shownMetadata({ name, number, version }: Omit<FoundVersion, 'row' | 'selector'>): ParameterMetadata {
  return {
    Name: name,
    Type: version.kind,
    ...(version.keyId !== null && { KeyId: version.keyId }),
    LastModifiedDate: new Date(version.modifiedMs),
    LastModifiedUser: version.modifiedBy,
    ...(version.description !== null && { Description: version.description }),
    ...(version.allowedPattern !== null && { AllowedPattern: version.allowedPattern }),
    Version: number,
    Tier: version.tier,
    Policies: [],
    DataType: 'text',
  }
}

export function sealed(ssm: Ssm, home: Home, name: string, value: string): string {
  return ssm.sealer.seal(Buffer.from(value, 'utf8'), parameterArn(home, name)).toString('base64')
}

export function opened(ssm: Ssm, home: Home, name: string, { kind, value }: VersionRow): string {
  if (kind !== 'SecureString') return value
  const plain = ssm.sealer.open(Buffer.from(value, 'base64'), parameterArn(home, name))
  assert(plain !== undefined, `the value of ${name} was sealed with another master key than this server has`)
  return plain.toString('utf8')
}

function versionOf(name: string, row: ParameterRow, selector: string): number {
  if (/^\d+$/.test(selector)) {
    const number = Number(selector)
    if (!Number.isSafeInteger(number)) throw versionNotFound(name, number)
    return number
  }
  const labelled = Object.hasOwn(row.labels, selector) ? row.labels[selector] : undefined
  if (labelled === undefined) throw labelNotFound(name, selector)
  return labelled
}

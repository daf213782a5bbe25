import { json, Table } from '../../store/table.ts'

export type Tags = Readonly<Record<string, string>>
export type ParameterKind = 'String' | 'StringList' | 'SecureString'
export type Tier = 'Standard' | 'Advanced'

export interface ParameterRow {
  /** The newest version. */
  readonly version: number
  /** The oldest version that is still kept. */
  readonly oldest: number
  readonly kind: ParameterKind
  readonly tier: Tier
  readonly labels: Readonly<Record<string, number>>
  readonly tags: Tags
}

export type ParameterKey = readonly [accountId: string, region: string, name: string]
export const parameters = new Table<ParameterKey, ParameterRow>('ssm-parameter', json<ParameterRow>())

export interface VersionRow {
  readonly kind: ParameterKind
  /** As it was put; of a SecureString what it was sealed to, base64. */
  readonly value: string
  readonly description: string | null
  readonly allowedPattern: string | null
  readonly tier: Tier
  /** SecureString only: the key as it was named. */
  readonly keyId: string | null
  readonly modifiedMs: number
  /** ARN of who put it. */
  readonly modifiedBy: string
}

export type VersionKey = readonly [accountId: string, region: string, name: string, version: number]
export const versions = new Table<VersionKey, VersionRow>('ssm-version', json<VersionRow>())

/** How many parameters a region has, for its quotas. */
export interface CountRow {
  readonly standard: number
  readonly advanced: number
}

export const counts = new Table<readonly [accountId: string, region: string], CountRow>('ssm-count', json<CountRow>())

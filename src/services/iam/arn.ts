import { noSuchEntity, validationError } from './errors.ts'
import type { EntityKind } from './tables.ts'

export interface IamArn {
  /** `aws` for the policies that AWS manages. */
  readonly accountId: string
  readonly kind: string
  readonly path: string
  readonly name: string
}

export function entityArn(accountId: string, kind: EntityKind | 'policy', path: string, name: string): string {
  return `arn:aws:iam::${accountId}:${kind}${path}${name}`
}

/** The parts of `arn:aws:iam::A:role/path/NAME`, or undefined for anything else. */
export function findIamArn(arn: string): IamArn | undefined {
  const match = /^arn:aws:iam::(\d{12}|aws):([a-z-]+)(\/(?:[!-~]*\/)?)([^/]+)$/.exec(arn)
  if (match === null) return undefined
  const [, accountId, kind, path, name] = match as unknown as [string, string, string, string, string]
  return { accountId, kind, path, name }
}

/** Throws what IAM answers to a policy ARN that is none, or one of somebody else's. */
export function parsePolicyArn(text: string, accountId: string): IamArn {
  const arn = findIamArn(text)
  if (arn === undefined) throw validationError('Invalid ARN:  Could not be parsed!')
  if (arn.kind !== 'policy') throw validationError(`ARN ${text} is not valid.`)
  if (arn.accountId !== 'aws' && arn.accountId !== accountId) throw noSuchEntity(`Policy ${text} was not found.`)
  return arn
}

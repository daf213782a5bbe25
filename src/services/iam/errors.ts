import { AwsError } from '../../protocol/errors.ts'
import type { EntityKind } from './tables.ts'

export const noSuchEntity = (message: string): AwsError => new AwsError('NoSuchEntity', 404, message)
export const entityAlreadyExists = (message: string): AwsError => new AwsError('EntityAlreadyExists', 409, message)
export const deleteConflict = (message: string): AwsError => new AwsError('DeleteConflict', 409, message)
export const limitExceeded = (message: string): AwsError => new AwsError('LimitExceeded', 409, message)
export const malformedPolicyDocument = (message: string): AwsError =>
  new AwsError('MalformedPolicyDocument', 400, message)
export const invalidInput = (message: string): AwsError => new AwsError('InvalidInput', 400, message)
export const validationError = (message: string): AwsError => new AwsError('ValidationError', 400, message)

export const noSuchNamed = (kind: EntityKind, name: string): AwsError =>
  noSuchEntity(`The ${kind} with name ${name} cannot be found.`)

/** A quota of the account or of one entity; `perWhat` is AWS's name of the quota: `AccessKeysPerUser`. */
export const quotaExceeded = (perWhat: string, quota: number): AwsError =>
  limitExceeded(`Cannot exceed quota for ${perWhat}: ${quota}`)

/** A member that AWS knows and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupportedMember = (member: string): AwsError =>
  new AwsError('NotImplemented', 501, `${member} is not supported by Millrace. Leave it out.`)

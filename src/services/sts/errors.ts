import { type Caller, callerArn } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'

export const validationError = (message: string): AwsError => new AwsError('ValidationError', 400, message)
export const invalidParameterValue = (message: string): AwsError => new AwsError('InvalidParameterValue', 400, message)
export const malformedPolicyDocument = (message: string): AwsError =>
  new AwsError('MalformedPolicyDocument', 400, message)
export const packedPolicyTooLarge = (message: string): AwsError => new AwsError('PackedPolicyTooLarge', 400, message)
export const accessDenied = (message: string): AwsError => new AwsError('AccessDenied', 403, message)

/** A role that does not exist is refused in the same words as one that does not trust the caller. */
export const mayNotAssume = (caller: Caller, roleArn: string): AwsError =>
  accessDenied(`User: ${callerArn(caller)} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`)

/** A member that AWS knows and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupportedMember = (member: string): AwsError =>
  new AwsError('NotImplemented', 501, `${member} is not supported by Millrace. Leave it out.`)

import { AwsError } from '../../protocol/errors.ts'

/** Lambda's errors say whose fault they are in `Type`. The key of the text (`Message` or `message`) is the protocol's business. */
const USER = { Type: 'User' } as const

export const invalidParameterValue = (message: string): AwsError =>
  new AwsError('InvalidParameterValueException', 400, message, USER)

/** Constraint violations of the model. Has no `Type`. */
export const validationException = (message: string): AwsError => new AwsError('ValidationException', 400, message)

export const resourceNotFound = (message: string): AwsError =>
  new AwsError('ResourceNotFoundException', 404, message, USER)

export const functionNotFound = (arn: string): AwsError => resourceNotFound(`Function not found: ${arn}`)

export const noSuchResource = (): AwsError => resourceNotFound('The resource you requested does not exist.')

export const resourceConflict = (message: string): AwsError =>
  new AwsError('ResourceConflictException', 409, message, USER)

/** `api`: what to call for the latest revision: `GetFunction/GetAlias`, `GetPolicy`. */
export const preconditionFailed = (api: string): AwsError =>
  new AwsError(
    'PreconditionFailedException',
    412,
    `The Revision Id provided does not match the latest Revision Id. Call the ${api} API to retrieve the latest Revision Id`,
    USER,
  )

export const requestEntityTooLarge = (message: string): AwsError =>
  new AwsError('RequestEntityTooLargeException', 413, message)

export const requestTooLarge = (message: string): AwsError =>
  new AwsError('RequestTooLargeException', 413, message, USER)

export const invalidRequestContent = (message: string): AwsError =>
  new AwsError('InvalidRequestContentException', 400, message, USER)

export type ThrottleReason = 'ReservedFunctionConcurrentInvocationLimitExceeded' | 'ConcurrentInvocationLimitExceeded'

export const tooManyRequests = (reason: ThrottleReason): AwsError =>
  new AwsError('TooManyRequestsException', 429, 'Rate Exceeded.', { Reason: reason, ...USER }, { 'retry-after': '1' })

export const serviceException = (message: string): AwsError =>
  new AwsError('ServiceException', 500, message, { Type: 'Service' })

export const codeStorageExceeded = (): AwsError =>
  new AwsError('CodeStorageExceededException', 400, 'Code storage limit exceeded.', USER)

export const ROLE_NOT_ASSUMABLE = 'The role defined for the function cannot be assumed by Lambda.'

export const roleNotAssumable = (): AwsError => invalidParameterValue(ROLE_NOT_ASSUMABLE)

/** What an invocation answers when the role has lost its trust since the function was configured. */
export const roleLost = (): AwsError => new AwsError('AccessDeniedException', 403, ROLE_NOT_ASSUMABLE)

/** A member that AWS knows and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupportedMember = (member: string): AwsError =>
  invalidParameterValue(`${member} is not supported by Millrace. Leave it out.`)

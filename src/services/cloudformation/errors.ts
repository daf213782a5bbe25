import { AwsError } from '../../protocol/errors.ts'

/**
 * "ValidationError": what CloudFormation answers to nearly everything that is wrong. Clients read its sentences, so they are CloudFormation's.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
 */
export const validationError = (message: string): AwsError => new AwsError('ValidationError', 400, message)

/** What the deployment tools look for when they ask whether a stack is there. */
export const stackWithIdNotFound = (name: string): AwsError => validationError(`Stack with id ${name} does not exist`)

export const stackNotFound = (name: string): AwsError => validationError(`Stack [${name}] does not exist`)

export const stackAlreadyExists = (name: string): AwsError =>
  new AwsError('AlreadyExistsException', 400, `Stack [${name}] already exists`)

export const stackInState = (stackId: string, status: string, what: string): AwsError =>
  validationError(`Stack:${stackId} is in ${status} state and can not be ${what}.`)

export const changeSetNotFound = (name: string): AwsError =>
  new AwsError('ChangeSetNotFound', 404, `ChangeSet [${name}] does not exist`)

export const changeSetAlreadyExists = (name: string): AwsError =>
  new AwsError('AlreadyExistsException', 400, `ChangeSet ${name} already exists`)

export const invalidChangeSetStatus = (changeSetId: string, what: string, status: string): AwsError =>
  new AwsError(
    'InvalidChangeSetStatus',
    400,
    `ChangeSet [${changeSetId}] cannot be ${what} in its current status of [${status}]`,
  )

/** Names the least capability that would do. */
export const insufficientCapabilities = (capabilities: readonly string[]): AwsError =>
  new AwsError('InsufficientCapabilitiesException', 400, `Requires capabilities : [${capabilities.join(', ')}]`)

export const noUpdates = (): AwsError => validationError('No updates are to be performed.')

/** The status reason of a change set that has nothing to do; `aws cloudformation deploy`, SAM and CDK look for it. */
export const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set."

export const terminationProtected = (name: string): AwsError =>
  validationError(`Stack [${name}] cannot be deleted while TerminationProtection is enabled`)

/** A member that AWS has and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupportedMember = (member: string, why = ''): AwsError =>
  validationError(`Millrace does not support ${member}${why === '' ? '' : `: ${why}`}. Leave it out.`)

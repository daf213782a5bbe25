import { AwsError } from '../../protocol/errors.ts'
import type { BusRef, RuleRef } from './arn.ts'

// The JSON protocol answers 400 to whatever is the client's fault. https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
export const validation = (message: string): AwsError => new AwsError('ValidationException', 400, message)
export const resourceNotFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', 400, message)
export const busNotFound = (bus: BusRef): AwsError => resourceNotFound(`Event bus ${bus.name} does not exist.`)
export const ruleNotFound = ({ name, bus }: RuleRef): AwsError =>
  resourceNotFound(`Rule ${name} does not exist on EventBus ${bus.name}.`)
export const busAlreadyExists = (bus: BusRef): AwsError =>
  new AwsError('ResourceAlreadyExistsException', 400, `Event bus ${bus.name} already exists.`)
export const invalidPattern = (reason: string): AwsError =>
  new AwsError('InvalidEventPatternException', 400, `Event pattern is not valid. Reason: ${reason}`)
export const limitExceeded = (message: string): AwsError => new AwsError('LimitExceededException', 400, message)
export const policyTooLong = (): AwsError =>
  new AwsError('PolicyLengthExceededException', 400, 'The event bus policy is too long.')

/** A member that AWS knows and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupportedMember = (member: string): AwsError =>
  new AwsError('NotImplemented', 501, `${member} is not supported by Millrace. Leave it out.`)

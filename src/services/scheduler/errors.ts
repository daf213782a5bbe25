import { AwsError } from '../../protocol/errors.ts'

// https://docs.aws.amazon.com/scheduler/latest/APIReference/CommonErrors.html
export const validation = (message: string): AwsError => new AwsError('ValidationException', 400, message)
export const conflict = (message: string): AwsError => new AwsError('ConflictException', 409, message)
const resourceNotFound = (message: string) => new AwsError('ResourceNotFoundException', 404, message)
export const scheduleNotFound = (name: string): AwsError => resourceNotFound(`Schedule ${name} does not exist.`)
export const groupNotFound = (name: string): AwsError => resourceNotFound(`Schedule group ${name} does not exist.`)

/** Something that AWS has and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupported = (what: string): AwsError =>
  new AwsError('NotImplemented', 501, `${what} is not supported by Millrace. Leave it out.`)

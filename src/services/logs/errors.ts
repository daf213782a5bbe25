import { AwsError } from '../../protocol/errors.ts'

// The JSON protocol answers 400 to whatever is the client's fault. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html
export const invalidParameter = (message: string): AwsError => new AwsError('InvalidParameterException', 400, message)
export const groupNotFound = (): AwsError =>
  new AwsError('ResourceNotFoundException', 400, 'The specified log group does not exist.')
export const streamNotFound = (): AwsError =>
  new AwsError('ResourceNotFoundException', 400, 'The specified log stream does not exist.')
export const resourceNotFound = (): AwsError =>
  new AwsError('ResourceNotFoundException', 400, 'The specified resource does not exist.')
export const groupAlreadyExists = (): AwsError =>
  new AwsError('ResourceAlreadyExistsException', 400, 'The specified log group already exists')
export const streamAlreadyExists = (): AwsError =>
  new AwsError('ResourceAlreadyExistsException', 400, 'The specified log stream already exists')
export const tooManyTags = (): AwsError =>
  new AwsError('TooManyTagsException', 400, 'A resource can have no more than 50 tags.')

/** A member that AWS knows and Millrace does not act on: refused, because ignoring it would be a lie. */
export const unsupportedMember = (member: string): AwsError =>
  new AwsError('NotImplemented', 501, `${member} is not supported by Millrace. Leave it out.`)

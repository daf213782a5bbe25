import { AwsError } from '../../protocol/errors.ts'

/**
 * Errors by the codes of CloudWatch's query protocol; the JSON and CBOR protocols turn them into the names of the model.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html
 */
export const invalidValue = (message: string): AwsError => new AwsError('InvalidParameterValue', 400, message)
export const invalidCombination = (message: string): AwsError =>
  new AwsError('InvalidParameterCombination', 400, message)
export const missingParameter = (message: string): AwsError => new AwsError('MissingParameter', 400, message)
export const validationError = (message: string): AwsError => new AwsError('ValidationError', 400, message)

/** AWS knows it and Millrace does not: refused, because ignoring it would be a lie. */
export const unsupported = (what: string): AwsError =>
  new AwsError('NotImplemented', 501, `${what} is not supported by Millrace. Leave it out.`)

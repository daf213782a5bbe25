import { AwsError } from '../../protocol/errors.ts'

/**
 * Errors by the codes of SQS's query protocol, which are also what `x-amzn-query-error` says; the JSON protocol turns them into the names
 * of the model. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
const simpleQueueService = (name: string, message: string, status = 400): AwsError =>
  new AwsError(`AWS.SimpleQueueService.${name}`, status, message)

export const nonExistentQueue = (): AwsError =>
  simpleQueueService('NonExistentQueue', 'The specified queue does not exist.')

export const queueDeletedRecently = (): AwsError =>
  simpleQueueService(
    'QueueDeletedRecently',
    'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
  )

export const queueAlreadyExists = (attribute: string): AwsError =>
  new AwsError(
    'QueueAlreadyExists',
    400,
    `A queue already exists with the same name and a different value for attribute ${attribute}`,
  )

export const purgeQueueInProgress = (name: string): AwsError =>
  simpleQueueService(
    'PurgeQueueInProgress',
    `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
    403,
  )

export const invalidParameterValue = (message: string): AwsError => new AwsError('InvalidParameterValue', 400, message)

/** "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided." */
export const invalidValue = (value: unknown, parameter: string, reason: string): AwsError =>
  invalidParameterValue(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`)

export const missingParameter = (parameter: string): AwsError =>
  new AwsError('MissingParameter', 400, `The request must contain the parameter ${parameter}.`)

export const invalidAttributeName = (name: string): AwsError =>
  new AwsError('InvalidAttributeName', 400, `Unknown Attribute ${name}.`)

export const invalidAttributeValue = (name: string, reason = ''): AwsError =>
  new AwsError(
    'InvalidAttributeValue',
    400,
    `Invalid value for the parameter ${name}.${reason === '' ? '' : ` Reason: ${reason}`}`,
  )

export const invalidMessageContents = (): AwsError =>
  new AwsError(
    'InvalidMessageContents',
    400,
    'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
  )

export const receiptHandleIsInvalid = (handle: string): AwsError =>
  new AwsError('ReceiptHandleIsInvalid', 404, `The input receipt handle "${handle}" is not a valid receipt handle.`)

export const receiptHandleExpired = (handle: string): AwsError =>
  invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.')

export const notAvailableForVisibilityChange = (handle: string): AwsError =>
  invalidValue(handle, 'ReceiptHandle', 'Message does not exist or is not available for visibility timeout change.')

export const messageNotInflight = (): AwsError =>
  simpleQueueService('MessageNotInflight', 'The message referred to is not in flight.')

export const overLimit = (message: string): AwsError => new AwsError('OverLimit', 403, message)

export const emptyBatchRequest = (entry: string): AwsError =>
  simpleQueueService('EmptyBatchRequest', `There should be at least one ${entry} in the request.`)

export const tooManyEntries = (count: number): AwsError =>
  simpleQueueService(
    'TooManyEntriesInBatchRequest',
    `Maximum number of entries per request are 10. You have sent ${count}.`,
  )

export const batchEntryIdsNotDistinct = (id: string): AwsError =>
  simpleQueueService('BatchEntryIdsNotDistinct', `Id ${id} repeated.`)

export const invalidBatchEntryId = (): AwsError =>
  simpleQueueService(
    'InvalidBatchEntryId',
    'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
  )

export const batchRequestTooLong = (limitBytes: number, sentBytes: number): AwsError =>
  simpleQueueService(
    'BatchRequestTooLong',
    `Batch requests cannot be longer than ${limitBytes} bytes. You have sent ${sentBytes} bytes.`,
  )

export const unsupportedOperation = (message: string): AwsError => simpleQueueService('UnsupportedOperation', message)

export const resourceNotFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', 404, message)

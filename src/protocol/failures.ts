import { AwsError } from './errors.ts'

/** A 500 in the words of the service. It names nothing of what happened: that is in the log, under the request id. */
export function internalError(signingName: string): AwsError {
  switch (signingName) {
    case 's3':
      return new AwsError('InternalError', 500, 'We encountered an internal error. Please try again.')
    case 'lambda':
      return new AwsError('ServiceException', 500, 'An internal error occurred. Please try again.', { Type: 'Service' })
    default:
      return new AwsError('InternalFailure', 500, 'The request processing has failed because of an internal error.')
  }
}

/** "Try again later" in the words of the service; every SDK retries these by itself, with back-off. */
export function tryAgain(signingName: string): AwsError {
  switch (signingName) {
    case 's3':
      return new AwsError('SlowDown', 503, 'Please reduce your request rate.')
    case 'lambda':
      return new AwsError('TooManyRequestsException', 429, 'Rate Exceeded.', {
        Reason: 'CallerRateLimitExceeded',
        Type: 'User',
      })
    case 'logs':
      return new AwsError('ThrottlingException', 400, 'Rate exceeded')
    default:
      return new AwsError('Throttling', 400, 'Rate exceeded')
  }
}

/**
 * The disk is full: nothing was written, and what was acknowledged is untouched. AWS has no such error; 507 is the HTTP status for it, and a
 * status that clients do not take for an overload that passes by itself.
 */
export function insufficientStorage(signingName: string): AwsError {
  const message = 'The server has no space left on its disk. Nothing was stored.'
  if (signingName === 'lambda') return new AwsError('CodeStorageExceededException', 400, message, { Type: 'User' })
  return new AwsError('InsufficientStorage', 507, message)
}

/** A body beyond what is collected for an operation. */
export function tooLong(signingName: string, limitBytes: number, operation = 'requested'): AwsError {
  switch (signingName) {
    case 's3':
      return new AwsError('MaxMessageLengthExceeded', 400, 'Your request was too big.', {
        MaxMessageLengthBytes: limitBytes,
      })
    case 'lambda':
      return new AwsError(
        'RequestEntityTooLargeException',
        413,
        `Request must be smaller than ${limitBytes} bytes for the ${operation} operation`,
      )
    default:
      return new AwsError('RequestEntityTooLarge', 413, `Request must be smaller than ${limitBytes} bytes`)
  }
}

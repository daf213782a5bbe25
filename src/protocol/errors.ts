/** An error for clients: a code of the service's model or documentation, its HTTP status, and what goes beside it. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number
  /** Elements (XML) or members (JSON) beside code and message, in order: `BucketName`, `Key`, `Type`, `Reason` … */
  readonly fields: Readonly<Record<string, string | number>>
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: string,
    status: number,
    message: string,
    fields: Readonly<Record<string, string | number>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = code
    this.code = code
    this.status = status
    this.fields = fields
    this.headers = headers
  }
}

/** 501, the answer to everything that AWS has and Millrace does not. */
export function notImplemented(
  message = 'A header you provided implies functionality that is not implemented',
): AwsError {
  return new AwsError('NotImplemented', 501, message)
}

import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AwsError } from '../../../protocol/errors.ts'
import type { HttpInfo } from '../../../protocol/operation.ts'
import { randomBuffer } from '../../../std/ids.ts'
import { invalidArgument, invalidRequest } from '../errors.ts'
import type { Secret } from './cipher.ts'

/** Headers of SSE-C: the key comes with every request and is never stored. */
export interface CustomerKeyInput {
  readonly SSECustomerAlgorithm?: string | undefined
  /** Base64 of 32 bytes. */
  readonly SSECustomerKey?: string | undefined
  /** Base64. */
  readonly SSECustomerKeyMD5?: string | undefined
}

export interface CustomerKey {
  readonly key: Buffer
  /** Base64, as the client gave it. */
  readonly md5: string
}

/** What is kept of a customer's key: enough to tell whether another is the same, of no use without it. Base64 both. */
export interface KeyCheck {
  readonly salt: string
  readonly check: string
}

const KEY_BYTES = 32
const SALT_BYTES = 16
const HEADER = 'x-amz-server-side-encryption-customer'
const SUBJECT = 'Requests specifying Server Side Encryption with Customer provided keys must'

/** The key that a request carries. Throws what S3 answers to incomplete and damaged ones, and to those that anybody could have read. */
export function customerKeyOf(input: CustomerKeyInput, http: HttpInfo | undefined): CustomerKey | undefined {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKey: text, SSECustomerKeyMD5: md5 } = input
  if (algorithm === undefined && text === undefined && md5 === undefined) return undefined
  if (http?.isSecure === false) throw invalidRequest(`${SUBJECT} be made over a secure connection.`)
  if (algorithm === undefined) {
    throw invalidArgument(`${SUBJECT} provide a valid encryption algorithm.`, `${HEADER}-algorithm`)
  }
  if (algorithm !== 'AES256') {
    throw new AwsError(
      'InvalidEncryptionAlgorithmError',
      400,
      'The Encryption request you specified is not valid. Supported value: AES256.',
      { ArgumentName: `${HEADER}-algorithm`, ArgumentValue: algorithm },
    )
  }
  if (text === undefined) throw invalidArgument(`${SUBJECT} provide an appropriate secret key.`, `${HEADER}-key`)
  if (md5 === undefined) {
    throw invalidArgument(`${SUBJECT} provide the client calculated MD5 of the secret key.`, `${HEADER}-key-MD5`)
  }
  const key = Buffer.from(text, 'base64')
  if (key.length !== KEY_BYTES) {
    throw invalidArgument('The secret key was invalid for the specified algorithm.', `${HEADER}-key`)
  }
  if (createHash('md5').update(key).digest('base64') !== md5) {
    const message = 'The calculated MD5 hash of the key did not match the hash that was provided.'
    throw invalidArgument(message, `${HEADER}-key-MD5`, md5)
  }
  return { key, md5 }
}

/** The key of a copy's source, whose headers have names of their own. */
export function sourceKeyOf(
  input: {
    readonly CopySourceSSECustomerAlgorithm?: string | undefined
    readonly CopySourceSSECustomerKey?: string | undefined
    readonly CopySourceSSECustomerKeyMD5?: string | undefined
  },
  http: HttpInfo | undefined,
): CustomerKey | undefined {
  return customerKeyOf(
    {
      SSECustomerAlgorithm: input.CopySourceSSECustomerAlgorithm,
      SSECustomerKey: input.CopySourceSSECustomerKey,
      SSECustomerKeyMD5: input.CopySourceSSECustomerKeyMD5,
    },
    http,
  )
}

export function newSalt(): string {
  return randomBuffer(SALT_BYTES).toString('base64')
}

export function keyCheckOf({ key }: CustomerKey, salt: string): KeyCheck {
  return { salt, check: checkOf(key, salt).toString('base64') }
}

function checkOf(key: Buffer, salt: string): Buffer {
  return createHmac('sha256', key).update('check').update(Buffer.from(salt, 'base64')).digest()
}

function isRightKey({ key }: CustomerKey, { salt, check }: KeyCheck): boolean {
  return timingSafeEqual(checkOf(key, salt), Buffer.from(check, 'base64'))
}

/** What an object is read with; undefined where it is not encrypted by a customer's key. Throws when the key is missing, wrong or too much. */
export function requireReadKey(stored: KeyCheck | undefined, given: CustomerKey | undefined): Secret | undefined {
  if (stored === undefined) {
    if (given !== undefined) throw invalidRequest('The encryption parameters are not applicable to this object.')
    return undefined
  }
  if (given === undefined) {
    throw invalidRequest(
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    )
  }
  if (!isRightKey(given, stored)) throw new AwsError('AccessDenied', 403, `${SUBJECT} provide the correct secret key.`)
  return { key: given.key, salt: stored.salt }
}

/** Every part of an upload comes with the key that it began with. Throws InvalidRequest. */
export function requirePartKey(stored: KeyCheck | undefined, given: CustomerKey | undefined): void {
  if (stored === undefined && given === undefined) return
  if (stored === undefined) {
    throw invalidRequest(
      'The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters.',
    )
  }
  if (given === undefined) {
    throw invalidRequest(
      'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.',
    )
  }
  if (!isRightKey(given, stored)) {
    throw invalidRequest('The provided encryption parameters did not match the ones used originally.')
  }
}

/** By its request, which was accepted: how an answer says what encrypts an object: the customer's key, or as everything is, S3's own. */
export function encryptionOutput({
  SSECustomerKeyMD5: md5,
}: CustomerKeyInput): { ServerSideEncryption: 'AES256' } | { SSECustomerAlgorithm: string; SSECustomerKeyMD5: string } {
  return md5 === undefined
    ? { ServerSideEncryption: 'AES256' }
    : { SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: md5 }
}

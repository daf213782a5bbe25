import { AwsError } from '../../protocol/errors.ts'

/** Longest key, in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024

/** Throws KeyTooLongError. */
export function checkKey(key: string): void {
  // A UTF-16 unit is at most three bytes.
  if (key.length * 3 <= KEY_BYTES_MAX) return
  const size = Buffer.byteLength(key)
  if (size <= KEY_BYTES_MAX) return
  throw new AwsError('KeyTooLongError', 400, 'Your key is too long', { Size: size, MaxSizeAllowed: KEY_BYTES_MAX })
}

/**
 * A key as event messages and listings with `encoding-type=url` spell it: form encoding of its UTF-8 bytes with `/` left as it is.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function formEncode(text: string): string {
  if (/^[\w./*-]*$/.test(text)) return text
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
}

import { randomBuffer, randomText } from '../../std/ids.ts'

// AWS's unique ids use base 32 as RFC 4648 spells it.
const UNIQUE_ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids */
export type UniqueIdPrefix = 'AIDA' | 'AROA' | 'AGPA' | 'ANPA'

export const newUniqueId = (prefix: UniqueIdPrefix): string => prefix + randomText(UNIQUE_ID_ALPHABET, 17)

const ACCOUNT_SHIFT = 7n
const ACCOUNT_MASK = (1n << 40n) - 1n
const ID_BITS = 80n

/**
 * Long-term keys begin with AKIA; ASIA says that a session token belongs to it. As on AWS, the first bits after that tell the account.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
 */
export function newAccessKeyId(prefix: 'AKIA' | 'ASIA', accountId: string): string {
  const random = BigInt(`0x${randomBuffer(5).toString('hex')}`) & ((1n << 39n) - 1n)
  let bits = (1n << (ID_BITS - 1n)) | (BigInt(accountId) << (ACCOUNT_SHIFT + 32n)) | random
  let text = ''
  for (let length = 0; length < 16; length++) {
    text = UNIQUE_ID_ALPHABET[Number(bits & 31n)] + text
    bits >>= 5n
  }
  return prefix + text
}

export function accountOfAccessKeyId(accessKeyId: string): string | undefined {
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(accessKeyId)) return undefined
  let bits = 0n
  for (const character of accessKeyId.slice(4)) bits = (bits << 5n) | BigInt(UNIQUE_ID_ALPHABET.indexOf(character))
  const account = (bits >> (ACCOUNT_SHIFT + 32n)) & ACCOUNT_MASK
  return account < 10n ** 12n ? String(account).padStart(12, '0') : undefined
}

export const newSecretAccessKey = (): string => randomText(SECRET_ALPHABET, 40)

import { randomText } from '../../std/ids.ts'

// AWS's unique ids use base 32 as RFC 4648 spells it.
const UNIQUE_ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids */
export type UniqueIdPrefix = 'AIDA' | 'AROA' | 'AGPA' | 'ANPA'

export const newUniqueId = (prefix: UniqueIdPrefix): string => prefix + randomText(UNIQUE_ID_ALPHABET, 17)
/** Long-term keys begin with AKIA; ASIA says that a session token belongs to it. */
export const newAccessKeyId = (prefix: 'AKIA' | 'ASIA'): string => prefix + randomText(UNIQUE_ID_ALPHABET, 16)
export const newSecretAccessKey = (): string => randomText(SECRET_ALPHABET, 40)

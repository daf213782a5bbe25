/** The disk is full or a quota is used up: nothing was written, and what was acknowledged before is untouched. */
export class NoSpaceError extends Error {}

/** Whether an error of the operating system, or of a library that passes its words on, says that there is no room. */
export function isNoSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT' || error.code === 'EFBIG')) return true
  return /No space left on device|Disk quota exceeded|File too large/.test(error.message) || isNoSpace(error.cause)
}

import { AwsError } from '../../../protocol/errors.ts'

/** Undefined when the callee answers that there is no such thing: one of `codes`. */
export async function unlessGone<T>(call: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isCode(error, ...codes)) return undefined
    throw error
  }
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof AwsError && codes.includes(error.code)
}

/**
 * Finishes what has been begun, or takes it back: a create that throws leaves nothing behind, for nobody would know what to delete. Throws
 * what `finish` threw.
 */
export async function finishOrUndo<T>(finish: () => Promise<T>, undo: () => Promise<unknown>): Promise<T> {
  try {
    return await finish()
  } catch (error) {
    // Who may make something need not be allowed to remove it; the reason of the failure is the first one.
    await undo().catch((second: unknown) => {
      if (!(second instanceof AwsError)) throw second
    })
    throw error
  }
}

/** For what a service would overwrite without a word, where CloudFormation does not. */
export function alreadyExists(message: string): AwsError {
  return new AwsError('AlreadyExists', 409, message)
}

import { validationError } from './errors.ts'

/**
 * What was asked for cannot be deployed, and nothing has been touched. The message is for the template's author. Change sets keep it as
 * the reason why they failed; operations without a change set answer it as a ValidationError.
 */
export class Refusal extends Error {}

/** Runs a step whose refusal is the answer to the request. */
export async function asValidationError<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof Refusal) throw validationError(error.message)
    throw error
  }
}

import type { TemplatePath } from './read.ts'
import { TemplateError } from './template.ts'

/** Runs a check; a TemplateError that does not say where it was found is given the path. */
export function located<T>(path: TemplatePath, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof TemplateError && error.path === undefined)
      throw new TemplateError(error.message, error.position, path)
    throw error
  }
}

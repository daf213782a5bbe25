import { TemplateError } from '../template.ts'
import { byCodePoint } from './json.ts'

/** A template that SAM cannot transform: every reason at once, in the words of AWS's transform. The API answers 400 `ValidationError`. */
export class SamError extends TemplateError {
  /** One sentence or more per mistake, sorted, each once. */
  readonly reasons: readonly string[]

  constructor(reasons: readonly string[]) {
    const sorted = [...new Set(reasons)].toSorted(byCodePoint)
    super(
      `Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: ${sorted.length}. ${sorted.join(' ')}`,
    )
    this.reasons = sorted
  }
}

/** One mistake; the transform of its resource ends, those of the others go on. */
export class SamMistake extends Error {}

/** A mistake after which nothing else is worth looking at: the document itself is wrong. */
export class SamDocumentMistake extends SamMistake {}

export function invalidResource(logicalId: string, reason: string): SamMistake {
  return new SamMistake(`Resource with id [${logicalId}] is invalid. ${reason}`)
}

/** A mistake in an event of a function. `id` is the event's name, or, as in AWS's messages, that of the resource made from it. */
export class EventMistake extends SamMistake {
  constructor(id: string, reason: string) {
    super(`Event with id [${id}] is invalid. ${reason}`)
  }
}

export function invalidStructure(reason: string): SamDocumentMistake {
  return new SamDocumentMistake(`Structure of the SAM template is invalid. ${reason}`)
}

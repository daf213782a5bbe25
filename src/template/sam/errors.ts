import { TemplateError } from '../template.ts'
import { byCodePoint } from './json.ts'

/** A template that SAM cannot transform: every reason at once, in the words of AWS's transform. The API answers 400 `ValidationError`. */
export class SamError extends TemplateError {
  /** One sentence or more per mistake, each once, in the order of the resources they are about. */
  readonly reasons: readonly string[]

  constructor(mistakes: readonly SamMistake[]) {
    const sorted = mistakes.toSorted((a, b) => byCodePoint(a.subject, b.subject))
    const reasons = [...new Set(sorted.map((mistake) => mistake.message))]
    super(
      `Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: ${reasons.length}. ${reasons.join(' ')}`,
    )
    this.reasons = reasons
  }
}

/** One mistake; the transform of its resource ends, those of the others go on. */
export class SamMistake extends Error {
  /** The logical id of the resource that is wrong, or the message where there is none. */
  readonly subject: string

  constructor(message: string, subject = message) {
    super(message)
    this.subject = subject
  }
}

/** A mistake after which nothing else is worth looking at: the document itself is wrong. */
export class SamDocumentMistake extends SamMistake {}

export function invalidResource(logicalId: string, reason: string): SamMistake {
  return new SamMistake(`Resource with id [${logicalId}] is invalid. ${reason}`, logicalId)
}

/** A mistake in an event of a function. `id` is the event's name, or, as in AWS's messages, that of the resource made from it. */
export class EventMistake extends SamMistake {
  constructor(id: string, reason: string) {
    super(`Event with id [${id}] is invalid. ${reason}`, id)
  }
}

export function invalidStructure(reason: string): SamDocumentMistake {
  return new SamDocumentMistake(`Structure of the SAM template is invalid. ${reason}`)
}

/** A value as AWS's transform shows it in messages: as a Python literal. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (value === true || value === false) return value ? 'True' : 'False'
  if (Array.isArray(value)) return `[${value.map(quoted).join(', ')}]`
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, member]) => `${quoted(name)}: ${quoted(member)}`)
      .join(', ')}}`
  return String(value)
}

function quoted(value: unknown): string {
  if (typeof value !== 'string') return shown(value)
  return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll("'", "\\'")}'`
}

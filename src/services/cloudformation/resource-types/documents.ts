import type { TemplateValue } from '../../../template/template.ts'

/** A policy document as the services take it; templates write it as JSON, or as its text. */
export function documentText(document: TemplateValue | undefined): string {
  return typeof document === 'string' ? document : JSON.stringify(document ?? {})
}

/** The document of an answer: its text, which IAM encodes for the wire (`isEncoded`). */
export function documentOf(text: string | undefined, isEncoded = false): TemplateValue {
  return JSON.parse(isEncoded ? decodeURIComponent(text ?? '{}') : (text ?? '{}')) as TemplateValue
}

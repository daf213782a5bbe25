import { Unreadable } from './unreadable.ts'

/** Query arguments in order; a name may repeat. */
export type Form = readonly (readonly [name: string, value: string])[]

export const emptyForm: Form = []

/** `a=1&b` → [['a','1'],['b','']], with `+` as a space. Throws {@link Unreadable} for broken escapes. */
export function parseForm(text: string): Form {
  if (text === '') return emptyForm
  const form: [string, string][] = []
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals < 0) form.push([decodeFormPart(pair), ''])
    else form.push([decodeFormPart(pair.slice(0, equals)), decodeFormPart(pair.slice(equals + 1))])
  }
  return form
}

export function formValue(form: Form, name: string): string | undefined {
  for (const [key, value] of form) if (key === name) return value
  return undefined
}

function decodeFormPart(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text)
}

/** UTF-8 percent escapes; `+` stays. Throws {@link Unreadable}. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Unreadable('a percent escape is broken')
  }
}

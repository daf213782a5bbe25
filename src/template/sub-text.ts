import { TemplateError } from './template.ts'

export type SubPart = { readonly kind: 'text'; readonly text: string } | SubVariable

export interface SubVariable {
  readonly kind: 'variable'
  readonly name: string
  /** Undefined for `${Name}`. */
  readonly attribute: string | undefined
  /** `Name.Attribute` */
  readonly written: string
}

const VARIABLE = /\$\{([^{}]*)\}/g
const NAME = /^[A-Za-z0-9_:]+(\.[A-Za-z0-9_:.-]+)?$/

/** The pieces of an `Fn::Sub` string; `${!x}` is the text `${x}`. Throws TemplateError for names that cannot be any. */
export function parseSubText(text: string): readonly SubPart[] {
  const parts: SubPart[] = []
  let end = 0
  for (const match of text.matchAll(VARIABLE)) {
    const written = match[1] ?? ''
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    end = match.index + match[0].length
    parts.push(written.startsWith('!') ? { kind: 'text', text: `\${${written.slice(1)}}` } : variable(written))
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

function variable(written: string): SubPart {
  if (!NAME.test(written))
    throw new TemplateError(
      'Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons',
    )
  const dot = written.indexOf('.')
  return dot === -1
    ? { kind: 'variable', name: written, attribute: undefined, written }
    : { kind: 'variable', name: written.slice(0, dot), attribute: written.slice(dot + 1), written }
}

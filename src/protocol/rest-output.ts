import type { Member, OperationSchema } from './schema.ts'
import { textWriter } from './text.ts'

type Headers = Record<string, string | string[]>

export interface RestOutput {
  readonly payload: Member | undefined
  readonly bodyMembers: readonly Member[]
  /** Member that carries the status, such as Invoke's StatusCode. */
  readonly statusMember: string | undefined
  writeHeaders(output: Readonly<Record<string, unknown>>, headers: Headers): void
}

/** Compiles the HTTP bindings of an operation's output (or of an error). */
export function restOutput(members: OperationSchema['output']): RestOutput {
  const writers = new Map<string, { readonly wireName: string; readonly write: (value: unknown) => string }>()
  const bodyMembers: Member[] = []
  let payload: Member | undefined
  let statusMember: string | undefined
  let prefix: { readonly name: string; readonly text: string } | undefined
  for (const member of members?.members ?? []) {
    const { traits } = member
    if (traits.httpHeader !== undefined) {
      writers.set(member.name, { wireName: traits.httpHeader.toLowerCase(), write: headerWriter(member) })
    } else if (traits.httpPrefixHeaders !== undefined) {
      prefix = { name: member.name, text: traits.httpPrefixHeaders.toLowerCase() }
    } else if (traits.httpResponseCode === 1) statusMember = member.name
    else if (traits.httpPayload === 1) payload = member
    else if (traits.unbound !== 1) bodyMembers.push(member)
  }
  return {
    payload,
    bodyMembers,
    statusMember,
    writeHeaders(output, headers) {
      // Outputs set a few of some forty members: walking what is there is three times faster than asking for each.
      for (const name in output) {
        const writer = writers.get(name)
        const value = output[name]
        if (writer !== undefined && value !== undefined && value !== null)
          headers[writer.wireName] = writer.write(value)
      }
      if (prefix !== undefined) {
        const map = output[prefix.name] as Record<string, string> | undefined
        for (const key in map) headers[prefix.text + key.toLowerCase()] = headerText(String(map[key]))
      }
    },
  }
}

function headerWriter(member: Member): (value: unknown) => string {
  if (member.schema.kind === 'list') {
    const write = textWriter(member.schema.member, 'http-date')
    return (value) => headerText((value as unknown[]).map((item) => quoteListItem(write(item))).join(', '))
  }
  const write = textWriter(member, 'http-date')
  if (member.schema.kind !== 'string') return write
  return (value) => headerText(write(value))
}

function quoteListItem(text: string): string {
  return /[",]/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}

// oxlint-disable-next-line no-control-regex -- they are the subject
const unsafe = /[^\t\x20-\x7e\x80-\xff]/
// oxlint-disable-next-line no-control-regex -- they are the subject
const controls = /[\x00-\x08\x0a-\x1f\x7f]/g

/** A header value Node will send: what does not fit Latin-1 goes as UTF-8 bytes, line breaks become spaces. */
export function headerText(text: string): string {
  if (!unsafe.test(text)) return text
  const plain = text.replace(controls, ' ')
  return unsafe.test(plain) ? Buffer.from(plain, 'utf8').toString('latin1') : plain
}

import type { BusEvent } from './bus-event.ts'
import { valueAt } from './json-path.ts'
import type { TargetInput } from './tables.ts'

export interface InputSource {
  readonly event: BusEvent
  /** The event's envelope, as text and parsed. */
  readonly text: string
  readonly parsed: unknown
  readonly ruleArn: string
  readonly ruleName: string
}

const PLACEHOLDER = /<([^<>\s"]+)>/g

/** What a target gets for an event. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html */
export function targetInput(input: TargetInput, source: InputSource): string {
  switch (input.kind) {
    case 'event':
      return source.text
    case 'constant':
      return input.text
    case 'path':
      return JSON.stringify(valueAt(source.parsed, input.path) ?? null)
    case 'template':
      return fill(input.template, (name) => variable(name, input.paths, source))
  }
}

/** Variables that every template knows. */
const RESERVED = new Set([
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event.ingestion-time',
  'aws.events.event',
  'aws.events.event.json',
])

/** The first variable of a template that nothing defines. */
export function undefinedPlaceholder(template: string, paths: Readonly<Record<string, string>>): string | undefined {
  for (const [, name = ''] of template.matchAll(PLACEHOLDER)) {
    if (!RESERVED.has(name) && !Object.hasOwn(paths, name)) return name
  }
  return undefined
}

/** Whether a template that looks like JSON is JSON once it is filled in. */
export function isFillable(template: string): boolean {
  if (!isJsonTemplate(template)) return true
  try {
    JSON.parse(fill(template, () => 0))
    return true
  } catch {
    return false
  }
}

function variable(name: string, paths: Readonly<Record<string, string>>, source: InputSource): unknown {
  switch (name) {
    case 'aws.events.rule-arn':
      return source.ruleArn
    case 'aws.events.rule-name':
      return source.ruleName
    case 'aws.events.event.ingestion-time':
      return `${new Date(source.event.ingestedMs).toISOString().slice(0, 19)}Z`
    case 'aws.events.event':
    case 'aws.events.event.json':
      return source.parsed
    default:
      return valueAt(source.parsed, paths[name] ?? '')
  }
}

function isJsonTemplate(template: string): boolean {
  return /^\s*[{["]/.test(template)
}

/** Inside of a JSON text a value is written without quotes; elsewhere in JSON it is a value; in plain text it is text. */
function fill(template: string, valueOf: (name: string) => unknown): string {
  if (!isJsonTemplate(template)) return template.replace(PLACEHOLDER, (_, name: string) => plain(valueOf(name)))
  let filled = ''
  let isInText = false
  let at = 0
  for (const match of template.matchAll(PLACEHOLDER)) {
    const before = template.slice(at, match.index)
    isInText = endsInText(before, isInText)
    const value = valueOf(match[1] as string)
    filled += before + (isInText ? JSON.stringify(plain(value)).slice(1, -1) : JSON.stringify(value ?? ''))
    at = match.index + match[0].length
  }
  return filled + template.slice(at)
}

function endsInText(part: string, startsInText: boolean): boolean {
  let isInText = startsInText
  for (let at = 0; at < part.length; at++) {
    if (part[at] === '\\' && isInText) at++
    else if (part[at] === '"') isInText = !isInText
  }
  return isInText
}

function plain(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

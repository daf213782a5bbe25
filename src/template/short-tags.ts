import type { TemplateValue } from './template.ts'

const FUNCTIONS: ReadonlySet<string> = new Set([
  'And',
  'Base64',
  'Cidr',
  'Contains',
  'EachMemberEquals',
  'EachMemberIn',
  'Equals',
  'FindInMap',
  'GetAZs',
  'GetAtt',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'RefAll',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
  'ValueOf',
  'ValueOfAll',
])

/** Every short tag but `!ForEach::Name`, whose name is its own. */
export const SHORT_TAGS: readonly string[] = ['!Ref', '!Condition', ...[...FUNCTIONS].map((name) => `!${name}`)]

/** `!Sub` and its kind in the long form; `Fn::ForEach` has none, its name carries the loop's. Undefined for tags that do not exist. */
export function longFormOf(
  tag: string,
  argument: TemplateValue,
): { readonly name: string; readonly argument: TemplateValue } | undefined {
  const name = tag.slice(1)
  if (name === 'Ref' || name === 'Condition') return { name, argument }
  // `!ForEach::Loop` is the short form of the member, which stands for an object of one loop.
  if (name.startsWith('ForEach::')) return { name: `Fn::${name}`, argument }
  if (!FUNCTIONS.has(name)) return undefined
  if (name === 'GetAtt' && typeof argument === 'string') return { name: 'Fn::GetAtt', argument: attributeOf(argument) }
  return { name: `Fn::${name}`, argument }
}

/** `Bucket.Arn` → `['Bucket', 'Arn']`; attributes may have dots themselves (`Nested.Outputs.Url`). */
export function attributeOf(text: string): readonly string[] {
  const dot = text.indexOf('.')
  return dot === -1 ? [text] : [text.slice(0, dot), text.slice(dot + 1)]
}

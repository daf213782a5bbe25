import type { TemplateObject, TemplateValue } from './template.ts'

/** A use of an intrinsic function: an object whose only member is `Ref` or begins with `Fn::`. */
export interface FunctionCall {
  readonly name: string
  readonly argument: TemplateValue
}

/** `{Condition: X}` is one only where conditions stand; elsewhere it is data (a policy's statement has such a member). */
export function functionCallOf(value: TemplateValue): FunctionCall | undefined {
  if (!isTemplateObject(value)) return undefined
  const names = Object.keys(value)
  const name = names[0]
  if (names.length !== 1 || name === undefined || (name !== 'Ref' && !name.startsWith('Fn::'))) return undefined
  return { name, argument: value[name] as TemplateValue }
}

export function isTemplateObject(value: TemplateValue | undefined): value is TemplateObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isTemplateList(value: TemplateValue | undefined): value is readonly TemplateValue[] {
  return Array.isArray(value)
}

import { checkTemplate } from '../../../template/check.ts'
import { evaluate } from '../../../template/evaluate.ts'
import { expandLanguageExtensions, LANGUAGE_EXTENSIONS } from '../../../template/language-extensions.ts'
import { createScope } from '../../../template/scope.ts'
import { type Template, TemplateError, type TemplateObject, type TemplateValue } from '../../../template/template.ts'
import { hasUnknown, markUnknown } from '../../../template/unknown.ts'
import { Refusal } from '../refusal.ts'
import { isTemplateObject } from '../../../template/functions.ts'
import type { TransformContext } from './context.ts'
import { INCLUDE, include } from './include.ts'
import { runMacro } from './macro.ts'
import { expandSam, SAM } from './sam.ts'

const FN_TRANSFORM = 'Fn::Transform'
/** Pieces inside of pieces: a piece that includes itself would never end. */
const INCLUDE_DEPTH_MAX = 16

/** A transform by name, with what it is given. */
interface NamedTransform {
  readonly name: string
  readonly parameters: TemplateObject
}

/** Names of all transforms of a template, at its top and inside of it, in the order in which they are found. */
export function declaredTransforms(template: TemplateValue): readonly string[] {
  const names = new Set<string>()
  if (isTemplateObject(template)) for (const { name } of topTransforms(template)) names.add(name)
  visit(template)
  return [...names]

  function visit(value: TemplateValue): void {
    if (Array.isArray(value)) for (const item of value as readonly TemplateValue[]) visit(item)
    if (!isTemplateObject(value)) return
    const inner = value[FN_TRANSFORM]
    if (isTemplateObject(inner) && typeof inner['Name'] === 'string') names.add(inner['Name'])
    for (const member of Object.values(value)) visit(member)
  }
}

/**
 * The template with everything expanded that it asks for: `AWS::LanguageExtensions`, then pieces and macros inside of it from the
 * innermost outwards, then those named at its top, `AWS::Serverless` last. Throws {@link Refusal} and TemplateError.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
 */
export async function expandTransforms(ctx: TransformContext, original: Template): Promise<Template> {
  const named = topTransforms(original as unknown as TemplateObject)
  let template = original
  if (named.some(({ name }) => name === LANGUAGE_EXTENSIONS)) {
    template = attempt(LANGUAGE_EXTENSIONS, () => expandLanguageExtensions(template, ctx.parameters, ctx.pseudo))
  }
  const { Transform: _, ...sections } = template
  let value: TemplateObject = sections as unknown as TemplateObject
  value = asTemplate(await expandInside(ctx, value, template, 0))
  for (const { name, parameters } of named) {
    if (name === LANGUAGE_EXTENSIONS || name === SAM) continue
    value = asTemplate(await apply(ctx, { name, parameters }, value))
    // What a macro or a piece brings may name transforms itself.
    value = asTemplate(await expandInside(ctx, value, template, 0))
  }
  if (named.some(({ name }) => name === SAM)) {
    const expanded = expandSam(ctx, checkTemplate({ ...value, Transform: SAM }))
    return checkTemplate(expanded as unknown as TemplateObject)
  }
  return checkTemplate(value)
}

function topTransforms(template: TemplateObject): readonly NamedTransform[] {
  const { Transform: declared } = template
  if (declared === undefined || declared === null) return []
  const list = (Array.isArray(declared) ? declared : [declared]) as readonly TemplateValue[]
  return list.map((item) => {
    if (typeof item === 'string') return { name: item, parameters: {} }
    if (isTemplateObject(item) && typeof item['Name'] === 'string') {
      const { Parameters: parameters } = item
      return { name: item['Name'], parameters: isTemplateObject(parameters) ? parameters : {} }
    }
    throw new TemplateError('Template format error: a transform is a name, or has a Name and Parameters.')
  })
}

async function expandInside(
  ctx: TransformContext,
  value: TemplateValue,
  template: Template,
  depth: number,
): Promise<TemplateValue> {
  if (Array.isArray(value)) {
    const items: TemplateValue[] = []
    for (const item of value as readonly TemplateValue[]) items.push(await expandInside(ctx, item, template, depth))
    return items
  }
  if (!isTemplateObject(value)) return value
  const members: Record<string, TemplateValue> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name !== FN_TRANSFORM) members[name] = await expandInside(ctx, member, template, depth)
  }
  const transform = value[FN_TRANSFORM]
  if (transform === undefined) return members
  if (depth >= INCLUDE_DEPTH_MAX) throw new Refusal(`Transforms are nested deeper than ${INCLUDE_DEPTH_MAX}.`)
  const expanded = await apply(ctx, innerTransform(ctx, transform, template), members)
  return expandInside(ctx, expanded, template, depth + 1)
}

/** Its parameters may refer to the template's parameters and mappings. */
function innerTransform(ctx: TransformContext, transform: TemplateValue, template: Template): NamedTransform {
  if (!isTemplateObject(transform) || typeof transform['Name'] !== 'string') {
    throw new TemplateError('Template format error: Fn::Transform needs a Name.')
  }
  const scope = createScope({ template, parameters: ctx.parameters, pseudo: ctx.pseudo })
  const parameters = evaluate(transform['Parameters'] ?? {}, scope)
  if (hasUnknown(parameters)) {
    throw new TemplateError('Template format error: the Parameters of Fn::Transform cannot refer to resources.')
  }
  const known = parameters === undefined ? {} : markUnknown(parameters)
  return { name: transform['Name'], parameters: isTemplateObject(known) ? known : {} }
}

async function apply(
  ctx: TransformContext,
  { name, parameters }: NamedTransform,
  fragment: TemplateObject,
): Promise<TemplateValue> {
  if (name === INCLUDE) return include(fragment, parameters, ctx.readObject)
  if (name.startsWith('AWS::')) {
    throw new Refusal(
      name === SAM || name === LANGUAGE_EXTENSIONS
        ? `Transform ${name} can stand at the top of a template only.`
        : `No transform named ${name} found: Millrace has ${LANGUAGE_EXTENSIONS}, ${INCLUDE}, ${SAM} and macros of the account.`,
    )
  }
  return runMacro(ctx, name, fragment, parameters)
}

function asTemplate(value: TemplateValue): TemplateObject {
  if (!isTemplateObject(value)) throw new TemplateError('Template format error: unsupported structure.')
  return value
}

function attempt<T>(name: string, expand: () => T): T {
  try {
    return expand()
  } catch (error) {
    if (error instanceof TemplateError) throw new Refusal(`Transform ${name} failed with: ${error.message}`)
    throw error
  }
}

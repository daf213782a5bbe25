import { AwsError } from '../../../protocol/errors.ts'
import type { TemplateObject, TemplateValue } from '../../../template/template.ts'
import type { ExistingResource, ResourceContext, ResourceState, ResourceType } from './resource-type.ts'
import { asWritten, isEqual, type Members, type Shaped, shaped, unsupportedMembers } from './shape.ts'

export interface ExistingShaped<S extends Members> extends ResourceState {
  /** What the resource was last made of. */
  readonly properties: Shaped<S>
}

/** A resource type whose properties have been read as their shapes before it gets them. */
export interface ShapedType<S extends Members> {
  readonly name: string
  readonly shape: S
  /** Properties that nobody can read back, of which drift says nothing. */
  readonly writeOnly?: readonly (keyof S & string)[]
  refusals?(properties: TemplateObject): readonly string[]
  create(ctx: ResourceContext, properties: Shaped<S>): Promise<ResourceState>
  /** Left out where every change replaces the resource. */
  update?(ctx: ResourceContext, existing: ExistingShaped<S>, properties: Shaped<S>): Promise<ResourceState>
  delete(ctx: ResourceContext, existing: ExistingShaped<S>): Promise<void>
  /** May say more than the template does: the rest is left out. */
  read(ctx: ResourceContext, existing: ExistingShaped<S>): Promise<Properties<S> | undefined>
}

type Properties<S extends Members> = { readonly [Name in keyof S]?: TemplateValue | undefined }

export function defineResourceType<const S extends Members>(type: ShapedType<S>): ResourceType {
  const { name, shape, writeOnly = [] } = type
  const refusals = (properties: TemplateObject) => [
    ...unsupportedMembers(shape, properties).filter((sentence) => sentence.includes('.') || sentence.includes('[')),
    ...(type.refusals?.(properties) ?? []),
  ]
  const reading = (properties: TemplateObject): Shaped<S> => {
    // Asked before already; but some parts were not known then.
    const refused = refusals(properties)
    if (refused.length > 0) throw new AwsError('InvalidRequest', 400, `${refused.join('. ')}.`)
    return shaped<Members>(shape, properties) as Shaped<S>
  }
  const known = (existing: ExistingResource): ExistingShaped<S> => ({
    ...existing,
    properties: shaped<Members>(shape, existing.properties) as Shaped<S>,
  })
  return {
    name,
    properties: Object.keys(shape),
    refusals,
    create: async (ctx, properties) => type.create(ctx, reading(properties)),
    async update(ctx, existing, properties) {
      const read = reading(properties)
      // What is to become what it was already is not sure to be it: an update of it may have failed half-way.
      const again = { ...ctx, isRepeat: ctx.isRepeat || isEqual(existing.properties, properties) }
      if (type.update !== undefined) return type.update(again, known(existing), read)
      return { physicalId: existing.physicalId, attributes: existing.attributes }
    },
    delete: async (ctx, existing) => type.delete(ctx, known(existing)),
    async read(ctx, existing) {
      const actual = await type.read(ctx, known(existing))
      if (actual === undefined) return undefined
      const told: Record<string, TemplateValue> = {}
      for (const [property, written] of Object.entries(existing.properties)) {
        const propertyShape = shape[property]
        if (propertyShape === undefined) continue
        const value = writeOnly.includes(property) ? written : actual[property]
        if (value !== undefined) told[property] = asWritten(propertyShape, value, written)
      }
      return told
    },
  }
}

import type { TemplateObject } from '../../../../template/template.ts'
import type { ResourceContext, ResourceState, ResourceType } from '../resource-type.ts'

/**
 * A resource type that has no service behind it: the stack remembers a physical id and attributes, so that references work, and nothing
 * reads its properties. Only for what templates of tools carry and nothing here would use; see docs/decisions/012-inert-resources.md.
 */
export function defineInertType(type: {
  readonly name: string
  /** Whatever else a template says is refused, as for any type. */
  readonly properties: readonly string[]
  /** Its physical id and attributes; the same for every attempt. */
  identify(ctx: ResourceContext, properties: TemplateObject): ResourceState
}): ResourceType {
  return {
    name: type.name,
    properties: type.properties,
    create: async (ctx, properties) => type.identify(ctx, properties),
    update: async (_, { physicalId, attributes }) => ({ physicalId, attributes }),
    delete: async () => undefined,
    read: async (_, { properties }) => properties,
  }
}

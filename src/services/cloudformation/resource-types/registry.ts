import type { ResourceType } from './resource-type.ts'

/** Every resource type that stacks make by calling a service; a new one is a file and a line here. */
const RESOURCE_TYPES: readonly ResourceType[] = []

/** Types that the engine itself makes: they are about stacks, waiting, and functions that answer for a resource. */
const ENGINE_TYPES: readonly string[] = [
  'AWS::CloudFormation::Stack',
  'AWS::CloudFormation::CustomResource',
  'AWS::CloudFormation::WaitCondition',
  'AWS::CloudFormation::WaitConditionHandle',
]

const BY_NAME = new Map(RESOURCE_TYPES.map((type) => [type.name, type]))

/** Undefined: a type that the engine makes itself, or one that is not supported. */
export function findResourceType(name: string): ResourceType | undefined {
  return BY_NAME.get(name)
}

/** Whether the engine makes resources of this type itself; `Custom::Anything` is a custom resource too. */
export function isEngineType(name: string): boolean {
  return ENGINE_TYPES.includes(name) || name.startsWith('Custom::')
}

export function isSupportedType(name: string): boolean {
  return BY_NAME.has(name) || isEngineType(name)
}

/** Names of all supported types but `Custom::*`, sorted. */
export function supportedTypes(): readonly string[] {
  return [...BY_NAME.keys(), ...ENGINE_TYPES].sort()
}

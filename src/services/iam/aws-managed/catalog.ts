import { type AwsManagedDefinition, lambdaPolicies } from './lambda-policies.ts'
import { otherPolicies } from './other-policies.ts'

export interface AwsManagedPolicy {
  readonly arn: string
  readonly name: string
  readonly path: string
  readonly id: string
  readonly description: string
  /** `v1`, `v7`: the version that AWS is at. */
  readonly versionId: string
  readonly createdMs: number
  readonly updatedMs: number
  readonly text: string
}

/** The policies that AWS manages and Millrace knows, by ARN, in the order of their names. Others are unknown, not empty. */
const catalog: ReadonlyMap<string, AwsManagedPolicy> = new Map(
  [...lambdaPolicies, ...otherPolicies]
    .map(fromDefinition)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((policy) => [policy.arn, policy]),
)

export function findAwsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  return catalog.get(arn)
}

export function listAwsManagedPolicies(): readonly AwsManagedPolicy[] {
  return [...catalog.values()]
}

function fromDefinition(definition: AwsManagedDefinition): AwsManagedPolicy {
  const { name, path = '/', created, updated = created, version = 1, ...rest } = definition
  return {
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    name,
    path,
    id: uniqueId(name),
    description: rest.description,
    versionId: `v${version}`,
    createdMs: Date.parse(created),
    updatedMs: Date.parse(updated),
    text: JSON.stringify({ Version: '2012-10-17', Statement: rest.statements }),
  }
}

/** AWS's own ids are not published as a list; here the name decides, so that an id stays the same over restarts. */
function uniqueId(name: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let state = 2166136261
  let id = 'ANPA'
  while (id.length < 21) {
    for (const character of `${name}${id.length}`) state = Math.imul(state ^ character.charCodeAt(0), 16777619) >>> 0
    id += letters[(state >>> 8) % letters.length]
  }
  return id
}

import { invalidResource } from './errors.ts'
import { isGiven, isObject, type Json, type JsonObject } from './json.ts'
import type { Generated } from './resource.ts'

const RESERVED = ['lambda:createdBy', 'serverlessrepo:applicationId', 'serverlessrepo:semanticVersion']
const MADE_BY_SAM: JsonObject = { 'lambda:createdBy': 'SAM' }

/** Types that carry the tags of `PropagateTags`, among those that functions bring with them. */
const TAGGABLE = new Set([
  'AWS::Lambda::Function',
  'AWS::IAM::Role',
  'AWS::SQS::Queue',
  'AWS::SNS::Topic',
  'AWS::S3::Bucket',
  'AWS::IoT::TopicRule',
  'AWS::CodeDeploy::Application',
  'AWS::CodeDeploy::DeploymentGroup',
  'AWS::Lambda::CapacityProvider',
])

export function tagList(tags: Json | undefined): JsonObject[] {
  if (!isObject(tags)) return []
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value: Value ?? '' }))
}

/** Tags of a function, its role or an application: SAM's own first. Throws for the keys that SAM keeps for itself. */
export function samTags(logicalId: string, tags: Json | undefined): JsonObject[] {
  for (const key of RESERVED) {
    if (isObject(tags) && Object.hasOwn(tags, key))
      throw invalidResource(
        logicalId,
        `${key} is a reserved Tag key name and cannot be set on your resource. Please change the tag key in the input.`,
      )
  }
  return [...tagList(MADE_BY_SAM), ...tagList(tags)]
}

/** `PropagateTags`: the function's tags replace those of everything made for it. */
export function propagateTags(
  resources: readonly Generated[],
  tags: Json | undefined,
  isWanted: Json | undefined,
): void {
  if (!isGiven(isWanted) || !isGiven(tags)) return
  for (const resource of resources) if (TAGGABLE.has(resource.type)) resource.properties.Tags = tagList(tags)
}

import type { SamContext } from './context.ts'
import type { DeploymentPreferences } from './deployment-preferences.ts'
import { type Json, type JsonObject } from './json.ts'
import { type ParameterValues, resolveMappings, resolveParameters } from './references.ts'

/** One run of the transform: what all resources of a template share while they are transformed. */
export interface Transformation {
  readonly context: SamContext
  readonly parameters: ParameterValues
  readonly mappings: JsonObject
  /** The template's conditions; transforms add theirs. */
  readonly conditions: JsonObject
  /** Resources as the author wrote them, with globals. Buckets change in place when events are added to them. */
  readonly source: JsonObject
  /** Resources of the result: those of the source, until they are transformed. */
  readonly resources: JsonObject
  readonly deployments: DeploymentPreferences
}

/** A SAM resource about to be transformed; its types are checked. */
export interface SamResource {
  readonly logicalId: string
  readonly type: string
  readonly properties: JsonObject
  /** Condition, DeletionPolicy, UpdateReplacePolicy, UpdatePolicy and Metadata. */
  readonly attributes: JsonObject
  readonly dependsOn: Json | undefined
}

export function withParameters(run: Transformation, value: Json | undefined): Json {
  return resolveParameters(value ?? null, run.parameters)
}

export function withParametersAndMappings(run: Transformation, value: Json | undefined): Json {
  return resolveMappings(withParameters(run, value), run.mappings)
}

/** The ARN of one of AWS's managed policies by its name and path. */
export function managedPolicy(run: Transformation, name: string): string {
  return `arn:${run.context.partition}:iam::aws:policy/${name}`
}

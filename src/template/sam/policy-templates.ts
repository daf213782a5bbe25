import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { invalidResource, shown } from './errors.ts'
import { isIf, isIntrinsic, isNoValue } from './intrinsics.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

/** Statements in which `{Ref: name}` stands for the parameter of that name. */
interface PolicyTemplate {
  readonly parameters: readonly string[]
  readonly statements: Json
}

let packed: Readonly<Record<string, PolicyTemplate>> | undefined

/** SAM's policy templates by name; see SOURCES.md. Read from disk at the first question. */
function policyTemplate(name: string): PolicyTemplate | undefined {
  packed ??= JSON.parse(readFileSync(join(import.meta.dirname, 'policy-templates.json'), 'utf8')) as Record<
    string,
    PolicyTemplate
  >
  return Object.hasOwn(packed, name) ? packed[name] : undefined
}

/** Whether an entry of `Policies` is the use of a policy template: `S3ReadPolicy: {BucketName: …}`. */
export function isPolicyTemplate(policy: Json | undefined): policy is JsonObject {
  if (!isObject(policy) || isIntrinsic(policy)) return false
  const [name, second] = Object.keys(policy)
  return name !== undefined && second === undefined && policyTemplate(name) !== undefined
}

/** The policy document of an entry that uses a template, in both branches of a `Fn::If`. Throws when a parameter has no value. */
export function expandPolicyTemplate(logicalId: string, policy: JsonObject): JsonObject {
  if (isIf(policy)) {
    const [condition = null, ...branches] = policy['Fn::If'] as Json[]
    const expanded = branches.map((branch) => (isNoValue(branch) ? branch : expandOne(logicalId, branch as JsonObject)))
    return { 'Fn::If': [condition, ...expanded] }
  }
  return expandOne(logicalId, policy)
}

function expandOne(logicalId: string, policy: JsonObject): JsonObject {
  const [name = ''] = Object.keys(policy)
  const template = policyTemplate(name)
  const values = policy[name]
  if (template === undefined || !isObject(values))
    throw invalidResource(logicalId, `Must specify valid parameter values for policy template '${name}'`)
  const missing = template.parameters.filter((parameter) => !Object.hasOwn(values, parameter))
  if (missing.length > 0) {
    throw invalidResource(
      logicalId,
      `Following required parameters of template '${name}' don't have values: ${shown(missing)}`,
    )
  }
  return { Statement: fillIn(template.statements, values) }
}

function fillIn(value: Json, values: JsonObject): Json {
  if (Array.isArray(value)) return value.map((item) => fillIn(item, values))
  if (!isObject(value)) return value
  if (typeof value.Ref === 'string') return values[value.Ref] ?? value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fillIn(member, values)]))
}

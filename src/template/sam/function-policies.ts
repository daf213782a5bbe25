/** What the entries of a function's `Policies` are, and what becomes of each in its role. */
import { invalidResource, SamMistake } from './errors.ts'
import { choose, IF_ARGUMENTS_REASON, ifArguments, isIf, isIntrinsic, isNoValue } from './intrinsics.ts'
import { isGiven, isObject, isSameJson, type Json, type JsonObject } from './json.ts'
import { expandPolicyTemplate, isPolicyTemplate } from './policy-templates.ts'

type PolicyKind = 'managed' | 'document' | 'template' | 'unknown'

/** `Policies` as a list in which policy templates have become documents. Changes nothing when there are none. */
export function expandPolicies(logicalId: string, policies: Json | undefined): Json | undefined {
  if (!isGiven(policies)) return policies
  const list = Array.isArray(policies) ? policies : [policies]
  const kinds = list.map(policyKind)
  return list.map((policy, index) =>
    kinds[index] === 'template' ? expandPolicyTemplate(logicalId, policy as JsonObject) : policy,
  )
}

export interface RolePolicies {
  readonly managedArns: Json[]
  readonly inline: Json[]
}

/** Sorts expanded policies into those that the role attaches and those it holds, after the ones it has for SAM's own reasons. */
export function rolePolicies(
  logicalId: string,
  policies: Json | undefined,
  own: RolePolicies,
  managedPolicyArn: (name: string) => string,
): RolePolicies {
  const managedArns = [...own.managedArns]
  const inline = [...own.inline]
  const list = !isGiven(policies) ? [] : Array.isArray(policies) ? policies : [policies]
  const kinds = list.map((policy) => policyKind(policy))
  for (const [index, policy] of list.entries()) {
    const name = `${logicalId}RolePolicy${index}`
    if (kinds[index] === 'document') {
      inline.push(inBranches(policy, isIf(policy), (document) => ({ PolicyName: name, PolicyDocument: document })))
    } else if (kinds[index] === 'managed') {
      const arn = inBranches(policy, isIf(policy), (one) => (typeof one === 'string' ? managedPolicyArn(one) : one))
      if (!managedArns.some((known) => isSameJson(known, arn))) managedArns.push(arn)
    } else {
      throw invalidResource(logicalId, `Policy at index ${index} in the 'Policies' property is not valid`)
    }
  }
  return { managedArns, inline }
}

function inBranches(policy: Json, isConditional: boolean, convert: (policy: Json) => Json): Json {
  if (!isConditional) return convert(policy)
  const [condition, whenTrue, whenFalse] = (policy as JsonObject)['Fn::If'] as [Json, Json, Json]
  const branch = (value: Json) => (isNoValue(value) ? value : convert(value))
  return choose(condition, branch(whenTrue), branch(whenFalse))
}

function policyKind(policy: Json): PolicyKind {
  if (typeof policy === 'string') return 'managed'
  if (isIf(policy)) return kindInBranches(policy['Fn::If'])
  if (isIntrinsic(policy)) return 'managed'
  if (isObject(policy) && Object.hasOwn(policy, 'Statement')) return 'document'
  return isPolicyTemplate(policy) ? 'template' : 'unknown'
}

function kindInBranches(value: Json): PolicyKind {
  const items = ifArguments(value)
  if (items === undefined) throw structureMistake(IF_ARGUMENTS_REASON)
  const [, whenTrue, whenFalse] = items
  const kinds = [policyKind(whenTrue), policyKind(whenFalse)] as const
  if (kinds[0] === kinds[1] || isNoValue(whenFalse)) return kinds[0]
  if (isNoValue(whenTrue)) return kinds[1]
  throw structureMistake(
    'Different policy types within the same Fn::If statement is unsupported. Separate different policy types into different Fn::If statements',
  )
}

function structureMistake(reason: string): SamMistake {
  return new SamMistake(`Structure of the SAM template is invalid. ${reason}`)
}

import { evaluateCondition } from './conditions.ts'
import { evaluate } from './evaluate.ts'
import { functionCallOf, isTemplateList, isTemplateObject } from './functions.ts'
import { requireArguments, textOf } from './intrinsics/intrinsic.ts'
import { isListType } from './parameter-declarations.ts'
import type { Scope } from './scope.ts'
import type { TemplateObject, TemplateValue } from './template.ts'
import { TemplateError } from './template.ts'
import { isEvaluatedList } from './unknown.ts'

/** Throws TemplateError with the descriptions of all assertions that the parameters fail. Call it after the parameters are resolved. */
export function evaluateRules(scope: Scope): void {
  const failures = Object.entries(scope.template.Rules ?? {}).flatMap(([name, rule]) => failuresOf(name, rule, scope))
  if (failures.length > 0) throw new TemplateError(`Template error: ${failures.join('; ')}`)
}

function failuresOf(name: string, rule: TemplateObject, scope: Scope): readonly string[] {
  const condition = rule['RuleCondition']
  if (condition !== undefined && !holds(condition, scope)) return []
  const assertions = rule['Assertions']
  if (!isTemplateList(assertions) || assertions.length === 0)
    throw new TemplateError(`Template format error: Rule ${name} needs a list of Assertions`)
  return assertions.flatMap((assertion) => {
    const assert = isTemplateObject(assertion) ? assertion['Assert'] : undefined
    if (!isTemplateObject(assertion) || assert === undefined)
      throw new TemplateError(`Template format error: every assertion of rule ${name} needs an Assert`)
    if (holds(assert, scope)) return []
    const description = assertion['AssertDescription']
    return [typeof description === 'string' ? description : `rule ${name} failed: ${JSON.stringify(assert)}`]
  })
}

function holds(expression: TemplateValue, scope: Scope): boolean {
  const noConditions = (name: string): boolean => {
    throw new TemplateError(`Template format error: rules cannot refer to conditions, but one refers to ${name}`)
  }
  return evaluateCondition(expression, scope, noConditions, (name, argument) => ruleTruth(name, argument, scope))
}

/** The functions that yield a truth in rules only; undefined for any other. */
function ruleTruth(name: string, argument: TemplateValue, scope: Scope): boolean | undefined {
  switch (name) {
    case 'Fn::Contains': {
      const [list, value] = bothLists(name, argument, scope)
      return value.every((item) => list.includes(item))
    }
    case 'Fn::EachMemberEquals': {
      const [list, value] = bothLists(name, argument, scope)
      return list.every((item) => item === value[0])
    }
    case 'Fn::EachMemberIn': {
      const [list, allowed] = bothLists(name, argument, scope)
      return list.every((item) => allowed.includes(item))
    }
    default:
      return undefined
  }
}

function bothLists(
  name: string,
  argument: TemplateValue,
  scope: Scope,
): readonly [readonly string[], readonly string[]] {
  const message = `Template error: every ${name} object requires two parameters, a list of strings and a string or list of strings`
  const [first = null, second = null] = requireArguments(argument, [2, 2], message)
  return [texts(first, scope, message), texts(second, scope, message)]
}

function texts(value: TemplateValue, scope: Scope, message: string): readonly string[] {
  // A list may hold functions that yield lists themselves.
  if (isTemplateList(value)) return value.flatMap((item) => texts(item, scope, message))
  const call = functionCallOf(value)
  if (call?.name === 'Fn::RefAll') return refAll(call.argument, scope)
  if (call?.name === 'Fn::ValueOf' || call?.name === 'Fn::ValueOfAll')
    throw new TemplateError(
      `Template error: ${call.name} looks up attributes of resources of other services (VPCs, subnets), which do not exist here`,
    )
  const result = evaluate(value, scope)
  const items = isEvaluatedList(result) ? result : [result]
  return items.map((item) => {
    const text = textOf(item)
    if (typeof text !== 'string') throw new TemplateError(message)
    return text
  })
}

/** The values of all parameters of a type, such as `AWS::EC2::VPC::Id`; lists of that type count too. */
function refAll(type: TemplateValue, scope: Scope): readonly string[] {
  if (typeof type !== 'string')
    throw new TemplateError('Template error: every Fn::RefAll object requires a string, the type of parameters')
  return Object.values(scope.parameters)
    .filter(
      (parameter) => parameter.type === type || (isListType(parameter.type) && parameter.type === `List<${type}>`),
    )
    .flatMap(({ value }) => value)
}

import { functionNotFound, invalidParameterValue, resourceNotFound, validationException } from './errors.ts'

/** One function, or one of its versions or aliases, as a request names it. */
export interface FunctionRef {
  readonly partition: string
  readonly region: string
  readonly accountId: string
  readonly name: string
  /** `$LATEST`, a number or an alias; undefined when the request names none. */
  readonly qualifier: string | undefined
}

/** What the endpoint serves; fills the parts that a partial ARN leaves out. */
export interface Home {
  readonly region: string
  readonly accountId: string
}

const CREATE_PATTERN =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?'
const READ_PATTERN =
  '(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?'
const QUALIFIER_PATTERN = '\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+'

/** Create and update take names without dots, up to 140 characters; everything else takes 256. */
const FAMILIES = {
  create: { pattern: CREATE_PATTERN, expression: new RegExp(`^${CREATE_PATTERN}$`), lengthMax: 140 },
  read: { pattern: READ_PATTERN, expression: new RegExp(`^${READ_PATTERN}$`), lengthMax: 256 },
} as const
const QUALIFIER = new RegExp(`^(?:${QUALIFIER_PATTERN})$`)
const NAME_LENGTH_MAX = 64
const QUALIFIER_LENGTH_MAX = 128

/**
 * Reads a `FunctionName` in any of its forms and the `Qualifier` beside it.
 * Throws ValidationException or InvalidParameterValueException with AWS's texts.
 */
export function parseFunctionName(
  text: string,
  qualifier: string | undefined,
  home: Home,
  family: keyof typeof FAMILIES = 'read',
): FunctionRef {
  const { pattern, expression, lengthMax } = FAMILIES[family]
  const problems: string[] = []
  if (text.length > lengthMax)
    problems.push(problem(text, 'functionName', `have length less than or equal to ${lengthMax}`))
  if (!expression.test(text))
    problems.push(problem(text, 'functionName', `satisfy regular expression pattern: ${pattern}`))
  if (qualifier !== undefined) {
    if (qualifier.length > QUALIFIER_LENGTH_MAX) {
      problems.push(problem(qualifier, 'qualifier', `have length less than or equal to ${QUALIFIER_LENGTH_MAX}`))
    }
    if (!QUALIFIER.test(qualifier)) {
      problems.push(problem(qualifier, 'qualifier', `satisfy regular expression pattern: ${QUALIFIER_PATTERN}`))
    }
  }
  if (problems.length > 0) throw validationException(countedProblems(problems))
  const ref = splitName(text, home)
  if (ref.name.length > NAME_LENGTH_MAX) {
    const text64 = problem(ref.name, 'functionName', `have length less than or equal to ${NAME_LENGTH_MAX}`)
    throw invalidParameterValue(countedProblems([text64]))
  }
  if (qualifier !== undefined && ref.qualifier !== undefined && qualifier !== ref.qualifier) {
    throw invalidParameterValue('The derived qualifier from the function name does not match the specified qualifier.')
  }
  return { ...ref, qualifier: qualifier ?? ref.qualifier }
}

/** A complete function ARN, as notifications and resource policies carry it; undefined for anything else. */
export function parseFunctionArn(arn: string): FunctionRef | undefined {
  const parts = arn.split(':')
  const [head, partition, service, region, accountId, kind, name, qualifier] = parts
  if (head !== 'arn' || service !== 'lambda' || kind !== 'function' || parts.length > 8) return undefined
  if (!partition || !region || !accountId || !name || qualifier === '') return undefined
  return { partition, region, accountId, name, qualifier }
}

/** The ARN without a qualifier. */
export function functionArn(ref: Pick<FunctionRef, 'partition' | 'region' | 'accountId' | 'name'>): string {
  return `arn:${ref.partition}:lambda:${ref.region}:${ref.accountId}:function:${ref.name}`
}

/** The ARN exactly as named: with a qualifier when the request gave one. */
export function qualifiedArn(ref: FunctionRef): string {
  return ref.qualifier === undefined ? functionArn(ref) : `${functionArn(ref)}:${ref.qualifier}`
}

/** Throws unless the endpoint's region and account can hold this function. */
export function assertReachable(ref: FunctionRef, home: Home): void {
  if (ref.region !== home.region) {
    throw resourceNotFound(`Functions from '${ref.region}' are not reachable in this region ('${home.region}')`)
  }
  if (ref.accountId !== home.accountId) throw functionNotFound(qualifiedArn(ref))
}

/** "Value 'X' at 'field' failed to satisfy constraint: Member must …" */
export function problem(value: unknown, field: string, must: string): string {
  return `Value '${String(value)}' at '${field}' failed to satisfy constraint: Member must ${must}`
}

export function countedProblems(problems: readonly string[]): string {
  const noun = problems.length === 1 ? 'validation error' : 'validation errors'
  return `${problems.length} ${noun} detected: ${problems.join('; ')}`
}

const REGION = /^(eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-\d$/

function splitName(text: string, home: Home): FunctionRef {
  let partition = 'aws'
  let region = home.region
  let accountId = home.accountId
  let parts = text.split(':')
  if (parts[0] === 'arn') {
    partition = parts[1] || 'aws'
    parts = parts.slice(3)
  }
  if (parts.length > 1 && REGION.test(parts[0] ?? '')) region = parts.shift() as string
  if (parts.length > 1 && /^\d{12}$/.test(parts[0] ?? '')) accountId = parts.shift() as string
  // A bare `function` is a function called so.
  if (parts.length > 1 && parts[0] === 'function') parts.shift()
  return { partition, region, accountId, name: parts[0] as string, qualifier: parts[1] }
}

import type { Condition, PolicyDocument, Statement } from './document.ts'

/** Keys whose fixed value keeps a statement for everyone from being public. */
const NARROWING_KEYS = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceip',
  'aws:sourceorgid',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
])
const NARROWING_OPERATORS = new Set([
  'stringequals',
  'stringequalsignorecase',
  'stringlike',
  'arnequals',
  'arnlike',
  'ipaddress',
])

/** Widest ranges of aws:SourceIp that do not count as the public. */
const SOURCE_PREFIX_BITS_MIN = { v4: 8, v6: 32 } as const

/**
 * Whether S3 calls a bucket policy public: a statement allows everyone, and no condition ties it to fixed accounts, ARNs,
 * networks or addresses. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export function isPublic(document: PolicyDocument): boolean {
  let known = publicDocuments.get(document)
  if (known === undefined) {
    known = document.statements.some(isPublicStatement)
    publicDocuments.set(document, known)
  }
  return known
}

const publicDocuments = new WeakMap<PolicyDocument, boolean>()

function isPublicStatement(statement: Statement): boolean {
  const { principals } = statement
  if (statement.effect !== 'Allow' || principals === undefined) return false
  return (principals.everyone || principals.not) && !statement.conditions.some(narrows)
}

function narrows(condition: Condition): boolean {
  if (condition.ifExists || condition.set === 'ForAllValues') return false
  if (!NARROWING_KEYS.has(condition.key) || !NARROWING_OPERATORS.has(condition.operator.toLowerCase())) return false
  if (condition.key === 'aws:sourceip') return condition.values.every(isNarrowRange)
  return condition.values.every(condition.key === 'aws:sourcearn' ? isFixedArn : isFixed)
}

const isFixed = (value: string): boolean => !/[*?]|\$\{/.test(value)

/** An ARN counts as fixed when its account is, or (S3, whose ARNs have none) its resource. */
function isFixedArn(value: string): boolean {
  const account = value.split(':')[4]
  return account !== undefined && account !== '' ? isFixed(account) : isFixed(value)
}

function isNarrowRange(value: string): boolean {
  const slash = value.indexOf('/')
  if (slash === -1) return true
  const prefixBitsMin = value.includes(':') ? SOURCE_PREFIX_BITS_MIN.v6 : SOURCE_PREFIX_BITS_MIN.v4
  return Number(value.slice(slash + 1)) >= prefixBitsMin
}

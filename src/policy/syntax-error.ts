import { assertNever } from '../std/assert.ts'

/** `identity`: users, roles, managed, boundary and session policies. `resource`: buckets and other resources. `trust`: who may assume a role. */
export type PolicyDocumentKind = 'identity' | 'resource' | 'trust'

/** What is wrong with a document, so that each service can word it as AWS's does. */
export type PolicyFault =
  | { readonly kind: 'not-json' }
  /** Valid JSON of the wrong shape: a wrong type, both Action and NotAction, a repeated member. */
  | { readonly kind: 'wrong-shape' }
  | { readonly kind: 'invalid-version'; readonly value: string }
  | { readonly kind: 'missing-field'; readonly field: string }
  | { readonly kind: 'unknown-field'; readonly field: string }
  | { readonly kind: 'prohibited-field'; readonly field: string }
  | { readonly kind: 'empty-statements' }
  | { readonly kind: 'invalid-sid'; readonly value: string }
  | { readonly kind: 'duplicate-sid'; readonly value: string }
  | { readonly kind: 'invalid-effect'; readonly value: string }
  | { readonly kind: 'action-without-vendor'; readonly value: string }
  | { readonly kind: 'action-with-two-colons'; readonly value: string }
  | { readonly kind: 'invalid-vendor'; readonly value: string }
  | { readonly kind: 'action-not-sts'; readonly value: string }
  | { readonly kind: 'invalid-resource'; readonly value: string }
  | { readonly kind: 'invalid-partition'; readonly partition: string; readonly value: string }
  | { readonly kind: 'invalid-principal'; readonly type: string; readonly value: string }
  | { readonly kind: 'unknown-operator'; readonly value: string }
  | { readonly kind: 'condition-without-vendor'; readonly value: string }

/**
 * A policy document that AWS would not store. The message is what the service that keeps such documents answers: IAM's
 * MalformedPolicyDocument for identity and trust policies, S3's MalformedPolicy for resource policies.
 */
export class PolicySyntaxError extends Error {
  readonly documentKind: PolicyDocumentKind
  readonly fault: PolicyFault
  constructor(documentKind: PolicyDocumentKind, fault: PolicyFault) {
    super(documentKind === 'resource' ? bucketPolicyMessage(fault) : iamMessage(fault))
    this.name = 'PolicySyntaxError'
    this.documentKind = documentKind
    this.fault = fault
  }
}

/** Text of IAM's MalformedPolicyDocument. */
export function iamMessage(fault: PolicyFault): string {
  switch (fault.kind) {
    case 'not-json':
      return 'This policy contains invalid Json'
    case 'missing-field':
      if (fault.field === 'Action') return 'Policy statement must contain actions.'
      if (fault.field === 'Resource') return 'Policy statement must contain resources.'
      if (fault.field === 'Principal') return 'Missing required field Principal'
      return 'Syntax errors in policy.'
    case 'prohibited-field':
      if (fault.field === 'Principal' || fault.field === 'NotPrincipal') {
        return 'Policy document should not specify a principal.'
      }
      return `Has prohibited field ${fault.field}.`
    case 'invalid-sid':
      return 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*'
    case 'duplicate-sid':
      return 'Statement IDs (SID) in a single policy must be unique.'
    case 'action-without-vendor':
    case 'condition-without-vendor':
      return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'
    case 'action-with-two-colons':
      return 'Actions/Condition can contain only one colon.'
    case 'invalid-vendor':
      return `Vendor ${fault.value} is not valid`
    case 'action-not-sts':
      return 'AssumeRole policy may only specify STS AssumeRole actions.'
    case 'invalid-resource':
      return `Resource ${fault.value} must be in ARN format or "*".`
    case 'invalid-partition':
      return `Partition "${fault.partition}" is not valid for resource "${fault.value}".`
    case 'invalid-principal':
      return `Invalid principal in policy: "${fault.type.toUpperCase()}":"${fault.value}"`
    case 'wrong-shape':
    case 'invalid-version':
    case 'unknown-field':
    case 'empty-statements':
    case 'invalid-effect':
    case 'unknown-operator':
      return 'Syntax errors in policy.'
    default:
      return assertNever(fault)
  }
}

/** Text of S3's MalformedPolicy. */
export function bucketPolicyMessage(fault: PolicyFault): string {
  switch (fault.kind) {
    case 'not-json':
      return "Policies must be valid JSON and the first byte must be '{'"
    case 'missing-field':
      return `Missing required field ${fault.field}`
    case 'unknown-field':
    case 'prohibited-field':
      return `Unknown field ${fault.field}`
    case 'empty-statements':
      return 'Could not parse the policy: Statement is empty!'
    case 'invalid-version':
      return 'The policy must contain a valid version string'
    case 'invalid-effect':
      return `Invalid effect: ${fault.value}`
    case 'action-without-vendor':
    case 'action-with-two-colons':
    case 'invalid-vendor':
    case 'action-not-sts':
      return 'Policy has invalid action'
    case 'invalid-resource':
    case 'invalid-partition':
      return 'Policy has invalid resource'
    case 'invalid-principal':
      return 'Invalid principal in policy'
    case 'unknown-operator':
      return `Invalid Condition type : ${fault.value}`
    case 'condition-without-vendor':
      return 'Policy has an invalid condition key'
    case 'wrong-shape':
    case 'invalid-sid':
    case 'duplicate-sid':
      return 'Invalid policy syntax.'
    default:
      return assertNever(fault)
  }
}

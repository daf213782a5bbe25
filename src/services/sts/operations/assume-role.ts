import { parsePolicy } from '../../../policy/parse.ts'
import { PolicySyntaxError } from '../../../policy/syntax-error.ts'
import type { Caller } from '../../../protocol/caller.ts'
import type { Grant } from '../../../protocol/operation.ts'
import {
  accessDenied,
  malformedPolicyDocument,
  mayNotAssume,
  packedPolicyTooLarge,
  unsupportedMember,
  validationError,
} from '../errors.ts'
import type { Input, StsOperation } from '../model.ts'
import type { Sts } from '../service.ts'
import { inheritedTags, sessionTags } from '../session-tags.ts'

const DURATION_SECONDS_DEFAULT = 3600
/** A role that assumes another gets an hour at most. */
const CHAINED_DURATION_SECONDS_MAX = 3600
/** Of a session policy, in characters. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const POLICY_CHARACTERS_MAX = 2048
const ROLE_ARN = /^arn:aws:iam::\d{12}:role\/.+$/

type AssumeRoleInput = Input<'AssumeRole'>

export const AssumeRole: StsOperation<'AssumeRole'> = {
  authorize({ input, caller }) {
    const { RoleArn, Tags, SourceIdentity } = input as Partial<AssumeRoleInput>
    if (RoleArn !== undefined && !ROLE_ARN.test(RoleArn)) throw validationError(`${RoleArn} is invalid`)
    if (caller.kind === 'root') throw accessDenied('Roles may not be assumed by root accounts.')
    const inheritedIdentity = caller.kind === 'role' ? caller.sourceIdentity : undefined
    const grant = (action: string): Grant => ({ action, resource: RoleArn ?? '*', context: contextOf(input, caller) })
    return [
      grant('sts:AssumeRole'),
      ...((Tags?.length ?? 0) > 0 ? [grant('sts:TagSession')] : []),
      ...((SourceIdentity ?? inheritedIdentity) === undefined ? [] : [grant('sts:SetSourceIdentity')]),
    ]
  },

  async handle({ input, caller }, sts) {
    for (const member of ['SerialNumber', 'TokenCode', 'ProvidedContexts', 'MinimumSessionTokenSize'] as const) {
      if (input[member] !== undefined) throw unsupportedMember(member)
    }
    const { RoleArn, RoleSessionName: sessionName, Policy: policy } = input
    const role = await sts.iam.findRole(RoleArn)
    if (role === undefined) throw mayNotAssume(caller, RoleArn)
    const durationSeconds = durationOf(input, caller, role.maxSessionSeconds)
    const { tags, transitiveTagKeys } = sessionTags(input, caller)
    const policyArns = await policyArnsOf(input, sts)
    if (policy !== undefined) checkSessionPolicy(policy)
    const sourceIdentity = sourceIdentityOf(input, caller, RoleArn)
    const session = await sts.iam.openRoleSession({
      role,
      sessionName,
      durationMs: durationSeconds * 1000,
      tags,
      transitiveTagKeys,
      ...(policy !== undefined && { policy }),
      ...(policyArns.length > 0 && { policyArns }),
      ...(sourceIdentity !== undefined && { sourceIdentity }),
    })
    const packedCharacters =
      (policy?.length ?? 0) + policyArns.join('').length + JSON.stringify(Object.entries(tags)).length - 2
    return {
      Credentials: {
        AccessKeyId: session.accessKeyId,
        SecretAccessKey: session.secretAccessKey,
        SessionToken: session.sessionToken,
        Expiration: new Date(session.expiresMs),
      },
      AssumedRoleUser: { AssumedRoleId: `${role.roleId}:${sessionName}`, Arn: session.caller.arn },
      ...(packedCharacters > 0 && { PackedPolicySize: Math.ceil((packedCharacters * 100) / SESSION_CHARACTERS_MAX) }),
      ...(sourceIdentity !== undefined && { SourceIdentity: sourceIdentity }),
    }
  },
}

/** Policies, their ARNs and tags at most: 2,048 + 10 × 2,048 characters would make a token that no header holds. */
const SESSION_CHARACTERS_MAX = 8192

/** What a trust policy may ask for. */
function contextOf(input: AssumeRoleInput, caller: Caller): Record<string, string | string[]> {
  const { RoleSessionName, ExternalId, SourceIdentity, Tags, TransitiveTagKeys } = input as Partial<AssumeRoleInput>
  const context: Record<string, string | string[]> = {}
  if (RoleSessionName !== undefined) context['sts:RoleSessionName'] = RoleSessionName
  if (ExternalId !== undefined) context['sts:ExternalId'] = ExternalId
  const sourceIdentity = SourceIdentity ?? (caller.kind === 'role' ? caller.sourceIdentity : undefined)
  if (sourceIdentity !== undefined) context['sts:SourceIdentity'] = sourceIdentity
  const tags = {
    ...inheritedTags(caller),
    ...Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value ?? ''])),
  }
  const keys = Object.keys(tags)
  if (keys.length > 0) context['aws:TagKeys'] = keys
  for (const key of keys) context[`aws:RequestTag/${key}`] = tags[key] as string
  if ((TransitiveTagKeys?.length ?? 0) > 0) context['sts:TransitiveTagKeys'] = [...(TransitiveTagKeys as string[])]
  return context
}

function durationOf(input: AssumeRoleInput, caller: Caller, maxSessionSeconds: number): number {
  const asked = input.DurationSeconds
  if (asked === undefined) return DURATION_SECONDS_DEFAULT
  if (asked > maxSessionSeconds) {
    throw validationError('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.')
  }
  if (caller.kind === 'role' && asked > CHAINED_DURATION_SECONDS_MAX) {
    throw validationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
  }
  return asked
}

async function policyArnsOf(input: AssumeRoleInput, sts: Sts): Promise<string[]> {
  const arns = (input.PolicyArns ?? []).map((descriptor) => descriptor.arn ?? '')
  for (const arn of arns) {
    if (!(await sts.iam.hasManagedPolicy(arn)))
      throw validationError(`Policy ${arn} does not exist or is not attachable.`)
  }
  if (arns.join('').length > SESSION_CHARACTERS_MAX / 2) {
    throw packedPolicyTooLarge('The ARNs of the session policies are too long together.')
  }
  return arns
}

function checkSessionPolicy(text: string): void {
  if (text.length > POLICY_CHARACTERS_MAX) {
    throw packedPolicyTooLarge(`The session policy has more than ${POLICY_CHARACTERS_MAX} characters.`)
  }
  try {
    parsePolicy(text, 'identity')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw malformedPolicyDocument(error.message)
    throw error
  }
}

/** Set once, kept for ever: a session that has one hands it on and cannot set another. */
function sourceIdentityOf(input: AssumeRoleInput, caller: Caller, roleArn: string): string | undefined {
  const inherited = caller.kind === 'role' ? caller.sourceIdentity : undefined
  if (inherited === undefined || input.SourceIdentity === undefined) return input.SourceIdentity ?? inherited
  if (inherited !== input.SourceIdentity) throw mayNotAssume(caller, roleArn)
  return inherited
}

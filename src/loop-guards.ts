/**
 * Loops that a change of a function or of its role makes possible, while the notification stays as it is. Looked for before the change, as if it
 * had been made: so strict-loops can refuse it, and a warning names the cycle.
 */
import type { Authorizer, IdentityPolicyLookup } from './auth/doors.ts'
import type { Log } from './log.ts'
import { createFindLoop, roleOf as roleNow } from './find-loop.ts'
import { parsePolicy } from './policy/parse.ts'
import { AwsError } from './protocol/errors.ts'
import type { Call } from './protocol/operation.ts'
import type { Clock } from './std/clock.ts'
import type { Store } from './store/store.ts'
import { capOf } from './services/iam/principal-policies.ts'
import type { Iam } from './services/iam/service.ts'
import { type FunctionRef, parseFunctionArn, parseFunctionName } from './services/lambda/arn.ts'
import { LATEST } from './services/lambda/tables.ts'
import type { Lambda } from './services/lambda/service.ts'
import { findLoops, mayLoop } from './services/s3/notification/loop.ts'
import { notificationRules } from './services/s3/tables.ts'

export interface GuardParts {
  readonly store: Store
  readonly clock: Clock
  readonly region: string
  readonly iam: Iam
  readonly lambda: Lambda
  /** An authorizer that finds other policies of identities than there are. */
  readonly authorizerWith: (identityPolicies: IdentityPolicyLookup) => Authorizer
  readonly log: Log
  readonly isStrict: boolean
}

type RoleOf = (ref: FunctionRef) => Promise<string | undefined>
type Policies = Awaited<ReturnType<IdentityPolicyLookup>>

/** A change, as if it had been made. */
interface Change {
  readonly roleOf: RoleOf
  readonly policiesOf: (roleArn: string, policies: Policies) => Promise<Policies>
  /** What it can make a difference for. */
  readonly concerns: (ref: FunctionRef, roleArn: string) => boolean
  /** It concerns more than it changes: what was possible before is none of its business. */
  readonly isBroad: boolean
}

type Guard = (call: Call) => Promise<void>

export interface LoopGuards {
  readonly lambda: Readonly<Record<string, Guard>>
  readonly iam: Readonly<Record<string, Guard>>
}

/** Longest header that clients are sure to take. */
const WARNING_MAX_LENGTH = 4096

/** What the pipeline asks before these operations. */
export function createLoopGuards(parts: GuardParts): LoopGuards {
  const { iam, lambda } = parts
  const roleOf: RoleOf = (ref) => roleNow(lambda, ref)
  const asIs: Change = { roleOf, policiesOf: async (_, policies) => policies, concerns: () => true, isBroad: false }
  const watch = (call: Call, code: string, change: Partial<Change>) =>
    watchChange(parts, call, code, { ...asIs, ...change }, asIs)

  const ofFunction = (call: Call, changed: (ref: FunctionRef) => Partial<Change>) => {
    const { FunctionName } = call.input as { FunctionName: string }
    const ref = parseFunctionName(FunctionName, undefined, { region: call.region, accountId: call.accountId }, 'read')
    return watch(call, 'InvalidParameterValueException', changed(ref))
  }
  const ofPolicy = (
    call: Call,
    text: string,
    isChanged: (roleArn: string, policies: Policies) => boolean,
    range: Pick<Change, 'concerns'> | Pick<Change, 'isBroad'>,
  ) => {
    const document = policyOf(text)
    // The handler says what is wrong with it.
    if (document === undefined) return Promise.resolve()
    return watch(call, 'InvalidInput', {
      ...range,
      policiesOf: async (roleArn, policies) =>
        isChanged(roleArn, policies)
          ? { ...policies, identity: [...policies.identity, { name: 'as changed', document }] }
          : policies,
    })
  }
  return {
    lambda: {
      UpdateFunctionCode: (call) => ofFunction(call, (ref) => ({ concerns: (other) => isLatestOf(other, ref) })),
      UpdateFunctionConfiguration: (call) =>
        ofFunction(call, (ref) => ({
          concerns: (other) => isLatestOf(other, ref),
          roleOf: async (other) => (call.input as { Role?: string }).Role ?? (await roleOf(other)),
        })),
      UpdateAlias: (call) =>
        ofFunction(call, (ref) => {
          const { Name, FunctionVersion } = call.input as { Name: string; FunctionVersion?: string }
          return {
            concerns: (other) => other.name === ref.name && other.qualifier === Name,
            roleOf: async (other) => roleOf({ ...other, qualifier: FunctionVersion ?? other.qualifier }),
          }
        }),
    },
    iam: {
      PutRolePolicy: (call) => {
        const { RoleName, PolicyDocument } = call.input as { RoleName: string; PolicyDocument: string }
        const isChanged = isRole(RoleName)
        return ofPolicy(call, PolicyDocument, isChanged, { concerns: (_, roleArn) => isChanged(roleArn) })
      },
      AttachRolePolicy: async (call) => {
        const { RoleName, PolicyArn } = call.input as { RoleName: string; PolicyArn: string }
        const added = await capOf(parts.store, iam.accountId, PolicyArn)
        const isChanged = isRole(RoleName)
        await watch(call, 'InvalidInput', {
          concerns: (_, roleArn) => isChanged(roleArn),
          policiesOf: async (roleArn, policies) =>
            isChanged(roleArn) ? { ...policies, identity: [...policies.identity, added] } : policies,
        })
      },
      CreatePolicyVersion: (call) => {
        const { PolicyArn, PolicyDocument, SetAsDefault } = call.input as {
          PolicyArn: string
          PolicyDocument: string
          SetAsDefault?: boolean
        }
        if (SetAsDefault !== true) return Promise.resolve()
        const uses = (_: string, { identity }: Policies) => identity.some(({ name }) => name === PolicyArn)
        return ofPolicy(call, PolicyDocument, uses, { isBroad: true })
      },
    },
  }
}

async function watchChange(parts: GuardParts, call: Call, code: string, change: Change, asIs: Change): Promise<void> {
  const after = await loopsWith(parts, change)
  if (after.length === 0) return
  const before = new Set(await loopsWith(parts, { ...asIs, concerns: change.concerns }))
  const fresh = after.filter((drawing) => !before.has(drawing))
  if (parts.isStrict && fresh.length > 0) {
    throw new AwsError(code, 400, `The change is refused by strict-loops: ${asciiOf(fresh)}`)
  }
  for (const cycle of fresh) parts.log.warn('loop.possible', { cycle })
  const shown = change.isBroad ? fresh : after
  if (shown.length > 0) call.reply.headers['x-millrace-warning'] = asciiOf(shown)
}

/** All cycles there would be, drawn. */
async function loopsWith({ store, clock, region, iam, authorizerWith }: GuardParts, change: Change): Promise<string[]> {
  const identityPolicies: IdentityPolicyLookup = async (caller) => {
    const policies = await iam.identityPolicies(caller)
    return caller.kind === 'role' ? change.policiesOf(caller.roleArn, policies) : policies
  }
  const authorizer = authorizerWith(identityPolicies)
  const find = createFindLoop({
    iam: { credentialsFor: (...role) => iam.credentialsFor(...role), identityPolicies },
    roleOf: change.roleOf,
    authorize: (caller, grant) => authorizer.decide(caller, grant, undefined, clock.now(), region),
  })
  const drawings: string[] = []
  for await (const { key, value: rule } of notificationRules.scan(store)) {
    const ref = mayLoop(rule) ? parseFunctionArn(rule.targetArn) : undefined
    const roleArn = ref && (await change.roleOf(ref))
    if (ref === undefined || roleArn === undefined || !change.concerns(ref, roleArn)) continue
    drawings.push(...(await findLoops(find, key[0], [rule])))
  }
  return drawings
}

function isLatestOf(other: FunctionRef, ref: FunctionRef): boolean {
  return other.name === ref.name && (other.qualifier === undefined || other.qualifier === LATEST)
}

function isRole(name: string): (roleArn: string) => boolean {
  return (roleArn) => roleArn.slice(roleArn.lastIndexOf('/') + 1) === name
}

function policyOf(text: string) {
  try {
    return parsePolicy(text, 'identity')
  } catch {
    // The handler refuses it in IAM's words.
    return undefined
  }
}

/** Headers are plain ASCII; the names in a cycle need not be. */
function asciiOf(drawings: readonly string[]): string {
  return drawings
    .join('; ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, WARNING_MAX_LENGTH)
}

import type {
  CredentialLookup,
  CredentialResult,
  IdentityPolicies,
  IdentityPolicyLookup,
  ResourcePolicy,
  ResourcePolicyLookup,
} from '../../auth/doors.ts'
import type { Caller, RoleCaller } from '../../protocol/caller.ts'
import { AwsError } from '../../protocol/errors.ts'
import type { Store } from '../../store/store.ts'
import { type Transaction, transact } from '../../store/transaction.ts'
import { assert } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { MasterKey, Sealer } from '../../std/master-key.ts'
import { isLater, type Soon } from '../../std/soon.ts'
import { entityArn, findIamArn } from './arn.ts'
import { resolveAccessKey, resolveSession } from './credentials.ts'
import type { AssumableRole, RoleSession, SessionRequest, TemporaryCredentials } from './doors.ts'
import { accountOfAccessKeyId, newAccessKeyId, newSecretAccessKey } from './ids.ts'
import { beginEpoch, type Knowledge, KnowledgeKeeper, parsedDocument } from './knowledge.ts'
import { capOf, managedPolicyText, rolePolicies, userPolicies } from './principal-policies.ts'
import { type SessionClaims, Sessions } from './sessions.ts'
import { accessKeys, accounts, NO_ACCOUNT, type RoleRow, roles, users } from './tables.ts'
import { isTrusted } from './trust.ts'

export interface IamOptions {
  readonly store: Store
  readonly clock: Clock
  readonly accountId: string
  /** Seals the secrets of access keys and the session tokens. Another key makes both worthless. */
  readonly masterKey: MasterKey
}

export interface RootCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** The longest AWS gives to a role session; environments are replaced before it ends. */
const FUNCTION_SESSION_MS = 12 * 3_600_000
const LAMBDA = 'lambda.amazonaws.com'
const NO_POLICIES: IdentityPolicies = { identity: [], boundary: undefined, session: [], tags: {} }

/** Users, roles, policies and credentials of one account. The public members below `store` are what other services are handed. */
export class Iam {
  readonly store: Store
  readonly clock: Clock
  readonly accountId: string
  readonly #secretSealer: Sealer
  readonly #sessions: Sessions
  readonly #knowledge: KnowledgeKeeper

  constructor({ store, clock, accountId, masterKey }: IamOptions) {
    this.store = store
    this.clock = clock
    this.accountId = accountId
    this.#secretSealer = masterKey.sealer('iam-access-key')
    this.#sessions = new Sessions(masterKey.sealer('sts-session-token'), clock)
    this.#knowledge = new KnowledgeKeeper(store)
  }

  /** Changes rows of IAM: what is remembered of them ends with the commit. */
  change<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return transact(this.store, (tx) => {
      beginEpoch(tx)
      return fn(tx)
    })
  }

  /**
   * The account's root access key, made at the first call and the same ever after. `chosen` replaces it where it differs.
   */
  async ensureRoot(chosen: RootCredentials | null = null): Promise<RootCredentials> {
    const fresh = chosen ?? {
      accessKeyId: newAccessKeyId('AKIA', this.accountId),
      secretAccessKey: newSecretAccessKey(),
    }
    const sealedSecret = this.sealSecret(fresh.accessKeyId, fresh.secretAccessKey)
    const nowMs = this.clock.now()
    return this.change(async (tx) => {
      const account = (await accounts.get(tx, [this.accountId])) ?? NO_ACCOUNT
      const existing = account.rootAccessKeyId
      if (existing !== null) {
        const row = await accessKeys.get(tx, [existing])
        assert(row !== undefined, `the root access key ${existing} has a row`)
        const secretAccessKey = this.openSecret(existing, row.sealedSecret)
        const isChosen =
          chosen === null || (chosen.accessKeyId === existing && chosen.secretAccessKey === secretAccessKey)
        if (isChosen) return { accessKeyId: existing, secretAccessKey }
        accessKeys.delete(tx, [existing])
      }
      const taken = await accessKeys.get(tx, [fresh.accessKeyId])
      assert(taken === undefined || taken.userId === null, `access key ${fresh.accessKeyId} belongs to no user`)
      accounts.put(tx, [this.accountId], { ...account, rootAccessKeyId: fresh.accessKeyId })
      accessKeys.put(tx, [fresh.accessKeyId], {
        accountId: this.accountId,
        userName: null,
        userId: null,
        status: 'Active',
        createdMs: nowMs,
        sealedSecret,
      })
      return fresh
    })
  }

  readonly credentialLookup: CredentialLookup = (accessKeyId, sessionToken) => {
    const knowledge = this.#knowledge.current()
    return isLater(knowledge)
      ? knowledge.then((knowledge) => this.#credentials(knowledge, accessKeyId, sessionToken))
      : this.#credentials(knowledge, accessKeyId, sessionToken)
  }

  #credentials(knowledge: Knowledge, accessKeyId: string, sessionToken: string | undefined): Soon<CredentialResult> {
    if (sessionToken !== undefined) {
      // Opened at every call: time goes on, and the token must belong to this key.
      const claims = this.#sessions.open(sessionToken, accessKeyId)
      if (typeof claims === 'string') return { ok: false, problem: claims }
      const known = knowledge.credentials.get(sessionToken)
      return known ?? this.#learnSession(knowledge, sessionToken, claims)
    }
    return knowledge.credentials.get(accessKeyId) ?? this.#learnAccessKey(knowledge, accessKeyId)
  }

  async #learnSession(knowledge: Knowledge, sessionToken: string, claims: SessionClaims): Promise<CredentialResult> {
    const result = await resolveSession(this.store, claims)
    knowledge.credentials.set(sessionToken, result)
    return result
  }

  async #learnAccessKey(knowledge: Knowledge, accessKeyId: string): Promise<CredentialResult> {
    const result: CredentialResult = await resolveAccessKey(this.store, accessKeyId, (id, sealed) =>
      this.openSecret(id, sealed),
    )
    // Unknown ids are not remembered: anyone can send them, and they would push out the known ones.
    if (result.ok || result.problem === 'inactive') knowledge.credentials.set(accessKeyId, result)
    return result
  }

  /**
   * The policies attached to a caller. `session` has the managed policies of a role session only: a document passed to AssumeRole is in
   * the caller itself.
   */
  readonly identityPolicies: IdentityPolicyLookup = (caller) => {
    if (caller.kind !== 'user' && caller.kind !== 'role') return NO_POLICIES
    const knowledge = this.#knowledge.current()
    return isLater(knowledge)
      ? knowledge.then((knowledge) => this.#policiesOf(knowledge, caller))
      : this.#policiesOf(knowledge, caller)
  }

  #policiesOf(knowledge: Knowledge, caller: Extract<Caller, { kind: 'user' | 'role' }>): Soon<IdentityPolicies> {
    const capArns = (caller.kind === 'role' && caller.sessionPolicyArns) || []
    const id = caller.kind === 'user' ? caller.userId : caller.roleId
    const key = capArns.length === 0 ? id : [id, ...capArns].join(' ')
    return knowledge.principals.get(key) ?? this.#learnPolicies(knowledge, caller, key, id, capArns)
  }

  async #learnPolicies(
    knowledge: Knowledge,
    caller: Extract<Caller, { kind: 'user' | 'role' }>,
    key: string,
    id: string,
    capArns: readonly string[],
  ): Promise<IdentityPolicies> {
    const own =
      caller.kind === 'user'
        ? await userPolicies(this.store, caller.accountId, caller.userName, id)
        : await rolePolicies(this.store, caller.accountId, caller.roleName, id)
    const session = await Promise.all(capArns.map((arn) => capOf(this.store, caller.accountId, arn)))
    const policies: IdentityPolicies = { ...own, session }
    knowledge.principals.set(key, policies)
    return policies
  }

  /** The trust policy of a role; other ARNs of IAM carry no policy. */
  readonly trustPolicy: ResourcePolicyLookup = async (resourceArn) => {
    const arn = findIamArn(resourceArn)
    if (arn?.kind !== 'role') return { policy: undefined, accountId: arn?.accountId, isTrustPolicy: false }
    const knowledge = await this.#knowledge.current()
    const known = knowledge.trust.get(resourceArn)
    if (known !== undefined) return known
    const row = await this.#findRoleRow(resourceArn)
    if (row === undefined) return { policy: undefined, accountId: undefined, isTrustPolicy: true }
    const found: ResourcePolicy = {
      policy: { name: resourceArn, document: parsedDocument(row.trustPolicy, 'trust') },
      accountId: arn.accountId,
      isTrustPolicy: true,
    }
    knowledge.trust.set(resourceArn, found)
    return found
  }

  /** Does the role exist, and does its trust policy let the service assume it for this resource? */
  async canAssume(
    roleArn: string,
    servicePrincipal: string,
    source: { readonly sourceArn: string; readonly sourceAccount: string },
  ): Promise<boolean> {
    const { policy, accountId } = await this.trustPolicy(roleArn)
    if (policy === undefined || accountId === undefined) return false
    return isTrusted({ roleArn, accountId, trustPolicy: policy, servicePrincipal, nowMs: this.clock.now(), ...source })
  }

  /**
   * Credentials of an execution role for a function. `sessionName` is the function's name.
   * Throws AccessDenied when the role does not exist or does not trust Lambda.
   */
  async credentialsFor(
    roleArn: string,
    sessionName: string,
    { sourceFunctionArn }: { readonly sourceFunctionArn: string },
  ): Promise<RoleSession> {
    const sourceAccount = sourceFunctionArn.split(':')[4] ?? ''
    const role = await this.findRole(roleArn)
    if (
      role === undefined ||
      !(await this.canAssume(roleArn, LAMBDA, { sourceArn: sourceFunctionArn, sourceAccount }))
    ) {
      throw new AwsError(
        'AccessDenied',
        403,
        `${LAMBDA} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
      )
    }
    return this.openRoleSession({
      role,
      // Session names have at least two characters; this is what Lambda makes of a shorter function name.
      sessionName: sessionName.length < 2 ? `${sessionName}@lambda_function` : sessionName,
      durationMs: FUNCTION_SESSION_MS,
      sourceFunctionArn,
    })
  }

  async findRole(roleArn: string): Promise<AssumableRole | undefined> {
    const row = await this.#findRoleRow(roleArn)
    if (row === undefined) return undefined
    const { id: roleId, name: roleName, maxSessionSeconds } = row
    return { roleArn, roleId, roleName, accountId: this.accountId, maxSessionSeconds }
  }

  /** May a policy name this ARN? Users and roles of this account have to be there; of those of others nothing is known here. */
  async isPrincipal(principalArn: string): Promise<boolean> {
    const arn = findIamArn(principalArn)
    if (arn === undefined || arn.accountId !== this.accountId) return true
    if (arn.kind === 'role') return (await this.#findRoleRow(principalArn)) !== undefined
    if (arn.kind !== 'user') return true
    const row = await users.get(this.store, [arn.accountId, arn.name.toLowerCase()])
    return row !== undefined && entityArn(arn.accountId, 'user', row.path, row.name) === principalArn
  }

  /** Is there a managed policy of this ARN, so that it can cap a session? */
  async hasManagedPolicy(policyArn: string): Promise<boolean> {
    return (await managedPolicyText(this.store, this.accountId, policyArn)) !== undefined
  }

  /** Credentials of a role session. Whether the caller may have them is the caller's business. */
  async openRoleSession({ role, durationMs, ...rest }: SessionRequest): Promise<RoleSession> {
    const { accountId, roleId: id, roleName: name } = role
    const { claims, token } = this.#sessions.issue({ kind: 'role', accountId, id, name, ...rest }, durationMs)
    const result = await resolveSession(this.store, claims)
    // Deleted since it was found: the same as never there.
    if (!result.ok) throw new AwsError('AccessDenied', 403, `Role ${role.roleArn} no longer exists`)
    const { accessKeyId, secretAccessKey, expiresMs } = claims
    return { accessKeyId, secretAccessKey, sessionToken: token, expiresMs, caller: result.caller as RoleCaller }
  }

  /** Temporary credentials of a user or the root for itself (GetSessionToken). */
  async openOwnSession(
    caller: Extract<Caller, { kind: 'user' | 'root' }>,
    durationMs: number,
  ): Promise<TemporaryCredentials> {
    const { accountId, kind } = caller
    const subject =
      caller.kind === 'user' ? { id: caller.userId, name: caller.userName } : { id: caller.accountId, name: '' }
    const { claims, token } = this.#sessions.issue({ kind, accountId, ...subject }, durationMs)
    const { accessKeyId, secretAccessKey, expiresMs } = claims
    return { accessKeyId, secretAccessKey, sessionToken: token, expiresMs, caller: { ...caller, accessKeyId } }
  }

  /** The account an access key belongs to, told by its row or by the id itself; undefined for ids of another make. */
  async accountOfAccessKey(accessKeyId: string): Promise<string | undefined> {
    return (await accessKeys.get(this.store, [accessKeyId]))?.accountId ?? accountOfAccessKeyId(accessKeyId)
  }

  sealSecret(accessKeyId: string, secret: string): string {
    return this.#secretSealer.seal(Buffer.from(secret, 'utf8'), accessKeyId).toString('base64')
  }

  openSecret(accessKeyId: string, sealed: string): string {
    const plain = this.#secretSealer.open(Buffer.from(sealed, 'base64'), accessKeyId)
    // Says what to do, because this is what a lost key file looks like.
    assert(plain !== undefined, `the secret of ${accessKeyId} was sealed with another master key than this server has`)
    return plain.toString('utf8')
  }

  async #findRoleRow(roleArn: string): Promise<RoleRow | undefined> {
    const arn = findIamArn(roleArn)
    if (arn?.kind !== 'role' || arn.accountId !== this.accountId) return undefined
    const row = await roles.get(this.store, [arn.accountId, arn.name.toLowerCase()])
    return row !== undefined && entityArn(arn.accountId, 'role', row.path, row.name) === roleArn ? row : undefined
  }
}

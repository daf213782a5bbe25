import type { ContextLookup } from '../policy/request.ts'
import type { Caller } from '../protocol/caller.ts'
import type { Grant, HttpInfo } from '../protocol/operation.ts'

export interface RequestFacts {
  readonly caller: Caller
  readonly grant: Grant
  /** Undefined for calls that one service makes for another. */
  readonly http: HttpInfo | undefined
  readonly nowMs: number
  readonly region: string
  readonly resourceAccountId: string
  /** `aws:PrincipalTag/…` */
  readonly principalTags: Readonly<Record<string, string>>
}

/**
 * Answers condition keys one by one: a policy asks for few of them, most for none. Keys the operation knows (`s3:prefix`) come with the
 * grant; the global ones are worked out here.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function requestContext(facts: RequestFacts): ContextLookup {
  let given: ReadonlyMap<string, string | readonly string[]> | undefined
  let tags: ReadonlyMap<string, string> | undefined
  return (key) => {
    given ??= lowerCaseKeys(facts.grant.context ?? {})
    const own = given.get(key)
    if (own !== undefined) return own
    if (key.startsWith(PRINCIPAL_TAG)) {
      tags ??= lowerCaseKeys(facts.principalTags)
      return tags.get(key.slice(PRINCIPAL_TAG.length))
    }
    if (key.startsWith('s3:')) return facts.grant.action.startsWith('s3:') ? s3Key(key, facts) : undefined
    return globalKey(key, facts)
  }
}

const PRINCIPAL_TAG = 'aws:principaltag/'

function globalKey(key: string, facts: RequestFacts): string | readonly string[] | undefined {
  const { caller, http, nowMs } = facts
  switch (key) {
    case 'aws:currenttime':
      return new Date(nowMs).toISOString()
    case 'aws:epochtime':
      return String(Math.floor(nowMs / 1000))
    case 'aws:requestedregion':
      return facts.region
    case 'aws:resourceaccount':
      return facts.resourceAccountId
    case 'aws:securetransport':
      // Calls between services never leave the process.
      return String(http?.isSecure ?? true)
    case 'aws:sourceip':
      return caller.kind === 'service' ? undefined : http?.sourceIp
    case 'aws:useragent':
      return http?.userAgent
    case 'aws:referer':
      return http?.headers.referer
    case 'aws:viaawsservice':
      return 'false'
    case 'lambda:sourcefunctionarn':
      return caller.kind === 'role' ? caller.sourceFunctionArn : undefined
    default:
      return principalKey(key, caller)
  }
}

function principalKey(key: string, caller: Caller): string | readonly string[] | undefined {
  switch (key) {
    case 'aws:principalisawsservice':
      return String(caller.kind === 'service')
    case 'aws:principalservicename':
      return caller.kind === 'service' ? caller.principal : undefined
    case 'aws:principalservicenameslist':
      return caller.kind === 'service' ? [caller.principal] : undefined
    case 'aws:sourcearn':
      return caller.kind === 'service' ? caller.sourceArn : undefined
    case 'aws:sourceaccount':
      return caller.kind === 'service' ? caller.sourceAccount : undefined
    case 'aws:principalarn':
      return principalArn(caller)
    case 'aws:principalaccount':
      return caller.kind === 'service' || caller.kind === 'anonymous' ? undefined : caller.accountId
    case 'aws:principaltype':
      return PRINCIPAL_TYPES[caller.kind]
    case 'aws:userid':
      return userId(caller)
    case 'aws:username':
      return caller.kind === 'user' ? caller.userName : undefined
    case 'aws:tokenissuetime': {
      const issuedMs = tokenIssuedMs(caller)
      return issuedMs === undefined ? undefined : new Date(issuedMs).toISOString()
    }
    case 'aws:multifactorauthpresent':
      // There are no MFA devices here, so temporary credentials were always made without one.
      return tokenIssuedMs(caller) === undefined ? undefined : 'false'
    default:
      return undefined
  }
}

const PRINCIPAL_TYPES: Readonly<Record<Caller['kind'], string | undefined>> = {
  root: 'Account',
  user: 'User',
  role: 'AssumedRole',
  service: undefined,
  anonymous: 'Anonymous',
}

/** The role for a session: policies name roles, not their sessions. */
function principalArn(caller: Caller): string | undefined {
  switch (caller.kind) {
    case 'root':
      return `arn:aws:iam::${caller.accountId}:root`
    case 'user':
      return caller.arn
    case 'role':
      return caller.roleArn
    case 'service':
    case 'anonymous':
      return undefined
  }
}

function userId(caller: Caller): string | undefined {
  switch (caller.kind) {
    case 'root':
      return caller.accountId
    case 'user':
      return caller.userId
    case 'role':
      return `${caller.roleId}:${caller.sessionName}`
    case 'service':
      return undefined
    case 'anonymous':
      return 'anonymous'
  }
}

function tokenIssuedMs(caller: Caller): number | undefined {
  return caller.kind === 'user' || caller.kind === 'role' ? caller.tokenIssuedMs : undefined
}

/** Keys of every S3 call that follow from how it was signed. */
function s3Key(key: string, { http, nowMs, resourceAccountId }: RequestFacts): string | undefined {
  if (key === 's3:resourceaccount') return resourceAccountId
  if (http === undefined) return undefined
  const authType = s3AuthType(http)
  switch (key) {
    case 's3:authtype':
      return authType
    case 's3:signatureversion':
      return authType === undefined ? undefined : 'AWS4-HMAC-SHA256'
    case 's3:signatureage': {
      const signedMs = authType === 'REST-QUERY-STRING' ? presignedAtMs(http.target) : Number.NaN
      return Number.isNaN(signedMs) ? undefined : String(nowMs - signedMs)
    }
    case 's3:x-amz-content-sha256':
      return http.headers['x-amz-content-sha256']
    default:
      return undefined
  }
}

function s3AuthType(http: HttpInfo): string | undefined {
  if (http.headers.authorization !== undefined) return 'REST-HEADER'
  if (http.target.includes('X-Amz-Signature=')) return 'REST-QUERY-STRING'
  const isForm = http.method === 'POST' && http.headers['content-type']?.startsWith('multipart/form-data') === true
  return isForm ? 'POST' : undefined
}

function presignedAtMs(target: string): number {
  const date = /[?&]X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(target)
  if (date === null) return Number.NaN
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = date.slice(1).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

function lowerCaseKeys<V>(record: Readonly<Record<string, V>>): ReadonlyMap<string, V> {
  return new Map(Object.entries(record).map(([key, value]) => [key.toLowerCase(), value]))
}

import { AwsError } from '../../../protocol/errors.ts'
import type { HttpInfo } from '../../../protocol/operation.ts'
import { DAY_MS } from '../lifecycle/days.ts'
import { headerNotImplemented, invalidArgument, invalidRequest, notConfigured } from '../errors.ts'
import type { BucketRow, ObjectRow, Retention } from '../tables.ts'

export interface LockInput {
  readonly ObjectLockMode?: string | undefined
  readonly ObjectLockRetainUntilDate?: Date | undefined
  readonly ObjectLockLegalHoldStatus?: string | undefined
  readonly ObjectLockEventHold?: string | undefined
  readonly ObjectLockEventHoldDurationDays?: number | undefined
  readonly ObjectLockEventHoldDurationYears?: number | undefined
}

export type ObjectLock = Pick<ObjectRow, 'retention' | 'legalHold'>

export const MODES: readonly string[] = ['GOVERNANCE', 'COMPLIANCE']

const missingConfiguration = (): AwsError => invalidRequest('Bucket is missing Object Lock Configuration')

export const noSuchLock = (): AwsError =>
  new AwsError('NoSuchObjectLockConfiguration', 404, 'The specified object does not have a ObjectLock configuration')

export const noLockConfiguration = (bucket: string): AwsError =>
  notConfigured(
    'ObjectLockConfigurationNotFoundError',
    'Object Lock configuration does not exist for this bucket',
    bucket,
  )

export function requireLock({ objectLock }: BucketRow): void {
  if (objectLock === undefined) throw missingConfiguration()
}

export function hasLockHeaders(input: LockInput): boolean {
  return (
    input.ObjectLockMode !== undefined ||
    input.ObjectLockRetainUntilDate !== undefined ||
    input.ObjectLockLegalHoldStatus !== undefined
  )
}

/** What the headers of a request to make an object ask for. Throws where they contradict themselves or the bucket has no Object Lock. */
export function requestedLock(row: BucketRow, input: LockInput, nowMs: number): ObjectLock {
  refuseEventHold(input)
  if (!hasLockHeaders(input)) return {}
  requireLock(row)
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: legalHold } = input
  if (legalHold !== undefined && legalHold !== 'ON' && legalHold !== 'OFF') {
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", 'x-amz-object-lock-legal-hold', legalHold)
  }
  const retention = requestedRetention(mode, until, nowMs)
  return { ...(retention && { retention }), ...(legalHold !== undefined && { legalHold }) }
}

function requestedRetention(mode: string | undefined, until: Date | undefined, nowMs: number): Retention | undefined {
  if (mode === undefined && until === undefined) return undefined
  if (mode === undefined || until === undefined) {
    const given = mode === undefined ? 'x-amz-object-lock-retain-until-date' : 'x-amz-object-lock-mode'
    throw invalidArgument(
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
      given,
      mode ?? until?.toISOString(),
    )
  }
  if (!isMode(mode)) throw invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode)
  requireFuture(until, 'x-amz-object-lock-retain-until-date', nowMs)
  return { mode, untilMs: until.getTime() }
}

export function isMode(mode: string | undefined): mode is Retention['mode'] {
  return mode !== undefined && MODES.includes(mode)
}

export function requireFuture(until: Date, argument: string, nowMs: number): void {
  if (until.getTime() > nowMs) return
  throw invalidArgument('The retain until date must be in the future!', argument, until.toISOString())
}

/** Whole objects that are locked must come with a checksum, so that nothing damaged is kept for years. */
export function requireLockIntegrity(input: LockInput, http: HttpInfo | undefined): void {
  if (http === undefined || !hasLockHeaders(input)) return
  const names = Object.keys(http.headers)
  const isSummed =
    names.some((name) => name === 'content-md5' || name.startsWith('x-amz-checksum-')) ||
    http.headers['x-amz-trailer']?.toLowerCase().includes('x-amz-checksum-') === true
  if (isSummed) return
  throw invalidRequest(
    'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
  )
}

/** What was asked for, or else what the bucket gives to every new object. */
export function lockOfNew({ objectLock }: BucketRow, asked: ObjectLock, nowMs: number): ObjectLock {
  const byDefault = objectLock?.retention
  if (byDefault === undefined || asked.retention !== undefined) return asked
  return { ...asked, retention: { mode: byDefault.mode, untilMs: endOf(byDefault, nowMs) } }
}

function endOf(period: { readonly days: number } | { readonly years: number }, nowMs: number): number {
  if ('days' in period) return nowMs + period.days * DAY_MS
  const end = new Date(nowMs)
  end.setUTCFullYear(end.getUTCFullYear() + period.years)
  return end.getTime()
}

/** Throws AccessDenied while a version must not be deleted. Governance gives way to who may bypass it, and says so. */
export function requireUnlocked(
  { retention, legalHold }: ObjectLock,
  nowMs: number,
  bypassesGovernance: boolean,
): void {
  const isRetained =
    retention !== undefined && retention.untilMs > nowMs && !(retention.mode === 'GOVERNANCE' && bypassesGovernance)
  if (isRetained || legalHold === 'ON') throw protectedByLock()
}

/** Retention may be made longer by all who may set it; shorter, or of another mode, only by who may bypass governance. */
export function requireChangeable(
  before: Retention | undefined,
  after: Retention | undefined,
  nowMs: number,
  bypassesGovernance: boolean,
): void {
  if (before === undefined || before.untilMs <= nowMs) return
  if (after !== undefined && after.mode === before.mode && after.untilMs >= before.untilMs) return
  if (before.mode === 'GOVERNANCE' && bypassesGovernance) return
  throw protectedByLock()
}

/** Members of GetObject and HeadObject. */
export function lockOutput({ retention, legalHold }: ObjectLock): {
  ObjectLockMode?: Retention['mode']
  ObjectLockRetainUntilDate?: Date
  ObjectLockLegalHoldStatus?: 'ON' | 'OFF'
} {
  return {
    ...(retention && { ObjectLockMode: retention.mode, ObjectLockRetainUntilDate: new Date(retention.untilMs) }),
    ...(legalHold !== undefined && { ObjectLockLegalHoldStatus: legalHold }),
  }
}

function protectedByLock(): AwsError {
  return new AwsError('AccessDenied', 403, 'Access Denied because object protected by object lock.')
}

/** Retention that begins when an event is told of: nobody tells this server. */
function refuseEventHold(input: LockInput): void {
  if (input.ObjectLockEventHold !== undefined) throw headerNotImplemented('x-amz-object-lock-event-hold')
  if (input.ObjectLockEventHoldDurationDays !== undefined || input.ObjectLockEventHoldDurationYears !== undefined) {
    throw headerNotImplemented('x-amz-object-lock-event-hold-duration')
  }
}

import { AwsError } from '../../../protocol/errors.ts'
import type { TemplateObject } from '../../../template/template.ts'

/** What came of a step. */
export type StepOutcome = StepSuccess | StepFailure

export interface StepSuccess {
  readonly ok: true
  readonly physicalId: string
  readonly attributes: TemplateObject
  readonly isNoEcho: boolean
}

export interface StepFailure {
  readonly ok: false
  /** `ResourceStatusReason` */
  readonly reason: string
  /** What a create left behind although it failed: it is deleted when the stack is rolled back. */
  readonly left?: { readonly physicalId: string; readonly attributes: TemplateObject }
}

export function success(physicalId: string, attributes: TemplateObject = {}, isNoEcho = false): StepSuccess {
  return { ok: true, physicalId, attributes, isNoEcho }
}

/** A failure in the words of CloudFormation's resource handlers. */
export function handlerFailure(error: AwsError, token: string): StepFailure {
  const reason = `Resource handler returned message: "${error.message}" (RequestToken: ${token}, HandlerErrorCode: ${handlerErrorCode(error)})`
  return { ok: false, reason }
}

/** https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html */
export function handlerErrorCode({ code, status }: AwsError): string {
  if (/AlreadyExists|AlreadyOwnedByYou|EntityAlreadyExists|ResourceConflict|NameExists/.test(code))
    return 'AlreadyExists'
  if (/AccessDenied|Unauthorized|NotAuthorized/.test(code) || status === 403) return 'AccessDenied'
  if (/Throttl|TooManyRequests|SlowDown/.test(code)) return 'Throttling'
  if (/LimitExceeded|QuotaExceeded|TooMany/.test(code)) return 'ServiceLimitExceeded'
  if (/NotFound|NoSuch|NonExistent|DoesNotExist/.test(code) || status === 404) return 'NotFound'
  if (/Conflict|OperationAborted|InUse/.test(code) || status === 409) return 'ResourceConflict'
  if (status >= 500) return 'ServiceInternalError'
  return 'InvalidRequest'
}

/** Worth another try after a moment, as CloudFormation does by itself. */
export function isTransient(error: AwsError): boolean {
  return handlerErrorCode(error) === 'Throttling' || error.status === 503
}

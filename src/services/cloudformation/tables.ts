import type { StackStatus, ResourceStatus } from '@aws-sdk/client-cloudformation'
import type { Caller } from '../../protocol/caller.ts'
import { json, Table } from '../../store/table.ts'
import type { ResolvedParameters } from '../../template/parameters.ts'
import type { Template, TemplateObject } from '../../template/template.ts'
import { LargeTable } from './large-table.ts'

export type Tags = Readonly<Record<string, string>>

// ---- stacks ----

export interface StackRow {
  /** `arn:aws:cloudformation:region:account:stack/name/uuid` */
  readonly stackId: string
  readonly name: string
  readonly accountId: string
  readonly region: string
  readonly status: StackStatus
  readonly statusReason: string | null
  readonly description: string | null
  readonly createdMs: number
  readonly updatedMs: number | null
  readonly deletedMs: number | null
  /** Whom the stack's operations act as; null: as whoever asks for them. */
  readonly roleArn: string | null
  readonly notificationArns: readonly string[]
  readonly capabilities: readonly string[]
  readonly tags: Tags
  readonly disableRollback: boolean
  readonly timeoutMinutes: number | null
  readonly isProtected: boolean
  /** Nested stacks. */
  readonly parentId: string | null
  readonly rootId: string | null
  /** The step of its parent that a nested stack did what it was told by last. */
  readonly parentToken: string | null
  /** What {@link revisions} has: what the stack was last told to be; null while in REVIEW_IN_PROGRESS. */
  readonly revision: number | null
  /** What a rollback goes back to; null: nothing, the stack was never whole. */
  readonly stableRevision: number | null
  /** Grows whenever the stack becomes whole: notes of an earlier age on resources are void. */
  readonly age: number
  readonly outputs: readonly OutputRow[]
  /** Why the last operation failed; null when it did not. */
  readonly failure: string | null
  /** The change set that was executed last. */
  readonly changeSetId: string | null
  readonly drift: StackDriftRow | null
}

export interface OutputRow {
  readonly name: string
  readonly value: string
  readonly description: string | null
  readonly exportName: string | null
}

export interface StackDriftRow {
  readonly status: 'DRIFTED' | 'IN_SYNC' | 'UNKNOWN' | 'NOT_CHECKED'
  readonly checkedMs: number
}

export type StackKey = readonly [accountId: string, region: string, name: string, uuid: string]
/** Every stack, deleted ones too: they stay describable by their id. */
export const stacks = new LargeTable<StackKey, StackRow>('cloudformation-stack')

export type StackNameKey = readonly [accountId: string, region: string, name: string]
/** The stack that has the name now: any but a deleted one. */
export const activeStacks = new Table<StackNameKey, { readonly stackId: string }>(
  'cloudformation-active-stack',
  json<{ readonly stackId: string }>(),
)

/** The key of a stack's row. Undefined for what is no stack id. */
export function stackKey(stackId: string): StackKey | undefined {
  const [, , , region, accountId, resource] = stackId.split(':')
  const [kind, name, uuid] = (resource ?? '').split('/')
  if (!stackId.startsWith('arn:') || kind !== 'stack' || !region || !accountId || !name || !uuid) return undefined
  return [accountId, region, name, uuid]
}

// ---- what a stack is made of ----

/** One thing that a stack was told to be. Large: the text of a template has up to 1 MB. */
export interface RevisionRow {
  /** As the client sent it. */
  readonly original: string
  /** After transforms. */
  readonly processed: Template
  readonly parameters: ResolvedParameters
  readonly tags: Tags
  readonly notificationArns: readonly string[]
  readonly capabilities: readonly string[]
}

/** Two are kept: what the stack is, and what it goes back to. */
export const revisions = new LargeTable<readonly [stackId: string, revision: number], RevisionRow>(
  'cloudformation-revision',
)

export type DeletionPolicy = 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot'

/** What a resource is to be, or was made of. */
export interface ResourceTarget {
  readonly type: string
  /** Functions evaluated, dynamic references left as they stand in the template. */
  readonly properties: TemplateObject
  /** Logical ids that it is made after: it is deleted before them. */
  readonly dependencies: readonly string[]
  readonly deletionPolicy: DeletionPolicy
  readonly updateReplacePolicy: DeletionPolicy
  /** Of the stack's tags, which resources get too. */
  readonly tagsDigest: string
}

/** What exists for a logical id, or existed before. */
export interface MadeResource extends ResourceTarget {
  readonly physicalId: string
  readonly attributes: TemplateObject
  /** Attributes that a custom resource does not want to be shown. */
  readonly isNoEcho: boolean
}

/** What is being done to a resource: written down before it is done. */
export interface ResourceStep {
  readonly action: 'create' | 'update' | 'delete'
  /** The same for every attempt. */
  readonly token: string
  /** What it will be; null when it is deleted. */
  readonly target: ResourceTarget | null
  /** The old resource is given up for a new one. */
  readonly isReplacement: boolean
  readonly startedMs: number
  /** A resource that answers later; null: the call itself is the answer. */
  readonly awaits: AwaitedAnswer | null
}

export type AwaitedAnswer =
  /** A row of {@link responses}. */
  | {
      readonly kind: 'response'
      readonly token: string
      readonly isSent: boolean
      readonly deadlineMs: number
      /** The deployment that it is part of is given up. */
      readonly isGivenUp?: boolean
    }
  | { readonly kind: 'signals'; readonly handle: string; readonly count: number; readonly deadlineMs: number }
  | { readonly kind: 'stack'; readonly stackId: string; readonly isBegun: boolean }

export interface ResourceRow {
  readonly logicalId: string
  readonly type: string
  readonly status: ResourceStatus
  readonly statusReason: string | null
  readonly updatedMs: number
  /** What clients are shown; stays when the resource is deleted. */
  readonly physicalId: string | null
  /** What is there; null while it is made for the first time, after that failed, and when it is deleted. */
  readonly made: MadeResource | null
  readonly step: ResourceStep | null
  /** Operation and phase that looked at it last, and what came of it. A step that failed is kept: it may have got somewhere. */
  readonly mark: string
  readonly outcome: 'running' | 'done' | 'failed'
  /**
   * What it was when the stack was whole last, if it has been touched since: `made` null when it did not exist. Counts only in the age it was noted in.
   */
  readonly before: { readonly age: number; readonly made: MadeResource | null } | null
  readonly metadata: TemplateObject | null
  readonly description: string | null
  readonly drift: ResourceDriftRow | null
}

export interface ResourceDriftRow {
  readonly status: 'IN_SYNC' | 'MODIFIED' | 'DELETED' | 'NOT_CHECKED'
  readonly checkedMs: number
}

export type ResourceKey = readonly [stackId: string, logicalId: string]
export const resources = new LargeTable<ResourceKey, ResourceRow>('cloudformation-resource')

/** A physical resource that a stack gave up, and that waits to be deleted in the cleanup. */
export interface RetiredRow {
  readonly logicalId: string
  readonly made: MadeResource
  /** Who is to be asked before it goes: 'replaced' UpdateReplacePolicy, 'removed' DeletionPolicy, 'undone' nobody: it is a failed update's. */
  readonly why: 'replaced' | 'removed' | 'undone'
  readonly step: ResourceStep | null
  readonly mark: string
  readonly outcome: 'running' | 'done' | 'failed'
  readonly attempts: number
}

export type RetiredKey = readonly [stackId: string, id: string]
export const retired = new LargeTable<RetiredKey, RetiredRow>('cloudformation-retired')

// ---- events ----

export interface EventRow {
  readonly eventId: string
  readonly stackId: string
  readonly stackName: string
  readonly logicalId: string
  readonly physicalId: string | null
  readonly type: string
  readonly status: string
  readonly statusReason: string | null
  readonly timeMs: number
  readonly clientRequestToken: string | null
  /** JSON text; null for stacks. */
  readonly properties: string | null
}

/** Newest first: the order counts down. */
export type EventKey = readonly [stackId: string, order: number, eventId: string]
export const events = new LargeTable<EventKey, EventRow>('cloudformation-event')

// ---- operations ----

export type OperationKind = 'create' | 'update' | 'delete' | 'rollback' | 'continue-update-rollback'

/**
 * deploy → cleanup, or (it failed) restore → cleanup, or undo; delete. `hold`: a nested stack that waits for what its parent says of its
 * update; `release`: it stays.
 */
export type OperationPhase = 'deploy' | 'undo' | 'restore' | 'hold' | 'release' | 'cleanup' | 'delete'

export interface OperationRow {
  readonly operationId: string
  readonly kind: OperationKind
  readonly phase: OperationPhase
  readonly caller: Caller
  /** Whom the stack's role is assumed by; null: `caller` calls. */
  readonly roleArn: string | null
  readonly clientRequestToken: string | null
  readonly startedMs: number
  /** TimeoutInMinutes of a create; null: none. */
  readonly deadlineMs: number | null
  readonly onFailure: 'rollback' | 'delete' | 'keep'
  /** Why the deployment is to be given up; null: it is not. Set by CancelUpdateStack, DeleteStack, a parent, and by the time being over. */
  readonly cancelled: string | null
  /** A parent's step asked for it: whether an update stays is the parent's to say. */
  readonly isParents: boolean
  readonly resourcesToSkip: readonly string[]
  readonly retainResources: readonly string[]
  /** What failed beside resources (an export, an import); later the whole reason. */
  readonly failure: string | null
  /** The process and run that works on it: what others had in hand is void. */
  readonly runner: string | null
}

/** The operation a stack is in; none when it is settled. */
export const operations = new LargeTable<readonly [stackId: string], OperationRow>('cloudformation-operation')

// ---- exports ----

export interface ExportRow {
  readonly stackId: string
  readonly value: string
}

export type ExportKey = readonly [accountId: string, region: string, name: string]
export const exports = new Table<ExportKey, ExportRow>('cloudformation-export', json<ExportRow>())

export interface ImportRow {
  readonly stackName: string
}

export type ImportKey = readonly [accountId: string, region: string, exportName: string, stackId: string]
export const imports = new Table<ImportKey, ImportRow>('cloudformation-import', json<ImportRow>())

// ---- answers from outside ----

/** An address that somebody may PUT an answer to. */
export interface ResponseRow {
  readonly stackId: string
  readonly logicalId: string
  /** `response`: one answer of a custom resource. `signals`: what a wait condition's handle is sent. */
  readonly kind: 'response' | 'signals'
  /** JSON text; null: none yet. */
  readonly body: string | null
}

export const responses = new Table<readonly [token: string], ResponseRow>(
  'cloudformation-response',
  json<ResponseRow>(),
)

export interface SignalRow {
  readonly status: 'SUCCESS' | 'FAILURE'
  readonly reason: string
  readonly data: string
}

export type SignalKey = readonly [handle: string, uniqueId: string]
export const signals = new Table<SignalKey, SignalRow>('cloudformation-signal', json<SignalRow>())

// ---- change sets ----

export interface ChangeSetRow {
  readonly changeSetId: string
  readonly name: string
  readonly stackId: string
  readonly kind: 'CREATE' | 'UPDATE'
  readonly description: string | null
  readonly createdMs: number
  readonly status: 'CREATE_COMPLETE' | 'FAILED' | 'DELETE_FAILED'
  readonly statusReason: string | null
  readonly executionStatus:
    | 'AVAILABLE'
    | 'UNAVAILABLE'
    | 'EXECUTE_IN_PROGRESS'
    | 'EXECUTE_COMPLETE'
    | 'EXECUTE_FAILED'
    | 'OBSOLETE'
  readonly roleArn: string | null
  readonly onStackFailure: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING' | null
  readonly timeoutMinutes: number | null
  readonly clientToken: string | null
  readonly revision: RevisionRow | null
  /** As DescribeChangeSet answers them: JSON of the SDK's `Change[]`. */
  readonly changes: readonly unknown[]
  /** The revision of the stack that it was made against; another one makes it obsolete. */
  readonly baseRevision: number | null
  readonly includeNestedStacks: boolean
  readonly importExistingResources: boolean
}

export type ChangeSetKey = readonly [stackId: string, name: string]
export const changeSets = new LargeTable<ChangeSetKey, ChangeSetRow>('cloudformation-change-set')

// ---- stack policies ----

export interface StackPolicyRow {
  /** JSON text. */
  readonly body: string
}

export const stackPolicies = new LargeTable<readonly [stackId: string], StackPolicyRow>('cloudformation-stack-policy')

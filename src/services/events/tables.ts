import { json, Table } from '../../store/table.ts'
import type { BusRef, RuleRef } from './arn.ts'

export type Tags = Readonly<Record<string, string>>

export interface BusRow {
  readonly description: string | null
  /** Who else may put events: a policy document, JSON text. */
  readonly policy: string | null
  /** `null`: the default bus, which nobody created. */
  readonly createdMs: number | null
  readonly modifiedMs: number | null
  readonly tags: Tags
}

export type BusKey = readonly [accountId: string, region: string, name: string]
/** The default bus has a row only once something was set of it. Adding a rule writes the row, so that deleting a bus sees it. */
export const buses = new Table<BusKey, BusRow>('events-bus', json<BusRow>())

export interface RuleRow {
  readonly pattern: string | null
  readonly schedule: string | null
  readonly isEnabled: boolean
  readonly description: string | null
  readonly tags: Tags
  /** What rates are counted from, in ms. */
  readonly scheduledFromMs: number
  /** Where the rule stands in {@link dues}; `null`: nowhere. */
  readonly dueMs: number | null
}

export type RuleKey = readonly [accountId: string, region: string, bus: string, name: string]
/** Changing targets writes the row of their rule too, so that deleting a rule sees them. */
export const rules = new Table<RuleKey, RuleRow>('events-rule', json<RuleRow>())

/** What the target gets instead of the event. */
export type TargetInput =
  | { readonly kind: 'event' }
  | { readonly kind: 'constant'; readonly text: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'template'; readonly paths: Readonly<Record<string, string>>; readonly template: string }

export interface TargetRow {
  readonly arn: string
  readonly roleArn: string | null
  readonly input: TargetInput
  /** FIFO queues only. */
  readonly messageGroupId: string | null
  readonly deadLetterArn: string | null
  readonly attemptsMax: number | null
  readonly ageMaxSeconds: number | null
}

export type TargetKey = readonly [accountId: string, region: string, bus: string, rule: string, id: string]
export const targets = new Table<TargetKey, TargetRow>('events-target', json<TargetRow>())

/** Scheduled rules in the order in which they are due. */
export type DueKey = readonly [dueMs: number, accountId: string, region: string, bus: string, rule: string]
export const dues = new Table<DueKey, 0>('events-due', json<0>())

export function busKey({ accountId, region, name }: BusRef): BusKey {
  return [accountId, region, name]
}

export function ruleKey({ bus, name }: RuleRef): RuleKey {
  return [...busKey(bus), name]
}

import type { Call } from '../../protocol/operation.ts'
import { uuid } from '../../std/ids.ts'

/** Where a stack lives. */
export interface Home {
  readonly accountId: string
  readonly region: string
}

export const stackArn = ({ accountId, region }: Home, name: string, id: string): string =>
  `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${id}`

export const newChangeSetId = ({ accountId, region }: Home, name: string): string =>
  `arn:aws:cloudformation:${region}:${accountId}:changeSet/${name}/${uuid()}`

export const homeOf = ({ accountId, region }: Call): Home => ({ accountId, region })

export const isArn = (text: string): boolean => text.startsWith('arn:')

/** The name in a change set's id. Undefined for what is none. */
export function changeSetNameOf(changeSetId: string): string | undefined {
  return /^arn:[^:]*:cloudformation:[^:]*:[^:]*:changeSet\/([^/]+)\/[^/]+$/.exec(changeSetId)?.[1]
}

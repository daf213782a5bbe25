import { uuid } from '../../../std/ids.ts'

export interface StackIdParts {
  readonly accountId: string
  readonly region: string
  readonly name: string
}

/** `arn:aws:cloudformation:region:account:stack/name/uuid` */
export function newStackId({ accountId, region, name }: StackIdParts): string {
  return `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${uuid()}`
}

import type { IamDoors } from './doors.ts'

export interface StsOptions {
  readonly accountId: string
  readonly iam: IamDoors
}

/** Temporary credentials. Keeps nothing: a session is what its token says. */
export class Sts {
  readonly accountId: string
  readonly iam: IamDoors

  constructor({ accountId, iam }: StsOptions) {
    this.accountId = accountId
    this.iam = iam
  }
}

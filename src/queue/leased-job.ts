import { assert } from '../std/assert.ts'
import type { Key, Version } from '../store/store.ts'
import type { JobRow } from './job-rows.ts'
import type { Job } from './queue.ts'

/** A claimed job and where its lease lies. */
export class LeasedJob<P> implements Job<P> {
  readonly partition: string
  readonly id: string
  readonly dueMs: number
  readonly enqueuedMs: number
  readonly claims: number
  readonly payload: P
  leaseUntilMs: number
  entryKey: Key
  version: Version = 0

  constructor(partition: string, id: string, row: JobRow<P>, entryKey: Key, leaseUntilMs: number) {
    this.partition = partition
    this.id = id
    this.dueMs = row.dueMs
    this.enqueuedMs = row.enqueuedMs
    this.claims = row.claims
    this.payload = row.payload
    this.entryKey = entryKey
    this.leaseUntilMs = leaseUntilMs
  }

  moveTo(entryKey: Key, version: Version, leaseUntilMs: number): void {
    this.entryKey = entryKey
    this.version = version
    this.leaseUntilMs = leaseUntilMs
  }
}

export function leaseOf<P>(job: Job<P>): LeasedJob<P> {
  assert(job instanceof LeasedJob, 'a job is settled with the object that claim returned')
  return job as LeasedJob<P>
}

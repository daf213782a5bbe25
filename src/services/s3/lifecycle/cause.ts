import { requestId16, uuid } from '../../../std/ids.ts'
import { S3_PRINCIPAL } from '../announce.ts'
import type { EventCause } from '../events.ts'

/** Thrown inside a commit when its object has changed since, and is no longer due. */
export class NoLongerDue extends Error {}

/** S3 acts on its own, and says so in events. */
export function causeOf(): EventCause {
  return {
    caller: { kind: 'service', principal: S3_PRINCIPAL },
    requestId: requestId16(),
    hostId: Buffer.from(`${uuid()}${uuid()}`.replaceAll('-', ''), 'hex').toString('base64'),
    http: undefined,
    traceHeader: undefined,
  }
}

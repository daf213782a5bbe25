import type { Call } from '../../protocol/operation.ts'
import type { CloudFormation } from './service.ts'

/**
 * How long an answer waits for its stack to settle, in ms. Clients poll at once and then again after 5 to 30 s, so a stack that is settled
 * when they hear of it saves them that wait.
 */
const HOLD_MS = 10_000

export async function hold(service: CloudFormation, call: Call, stackId: string): Promise<void> {
  // Calls of other services, such as a custom resource that makes a stack, must not wait inside of a deployment.
  if (call.http === undefined) return
  await service.engine.settled(stackId, { waitMs: HOLD_MS, signal: call.signal })
}

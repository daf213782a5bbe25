import type { CloudFormation } from './service.ts'
import { events } from './tables.ts'

/** Events looked through; a client that repeats a request does so soon. */
const EVENTS_MAX = 500

/** Whether an operation of the stack was begun with this token: then the request is the same again, and its answer too. */
export async function isTokenUsed(
  { store }: CloudFormation,
  stackId: string,
  token: string | undefined,
): Promise<boolean> {
  if (token === undefined) return false
  const rows = await events.list(store, { prefix: [stackId], limit: EVENTS_MAX })
  return rows.some(({ value }) => value.clientRequestToken === token)
}

import { callJson, type ConnectionFlags, findConnection } from '../connection.ts'
import { print } from '../output.ts'

interface Status {
  readonly version: string
  readonly region: string
  readonly accountId: string
  readonly startedMs: number
  readonly storage: string
  readonly isolation: { readonly kind: string; readonly reason: string }
  readonly runtimes: readonly { readonly name: string; readonly available: boolean; readonly reason: string }[]
  readonly queues: Readonly<Record<string, number>>
  readonly memoryBytes: number
}

export async function status(flags: ConnectionFlags & { readonly json?: boolean }): Promise<void> {
  const connection = await findConnection(flags)
  const answer = (await callJson(connection, 'millrace', { method: 'GET', path: '/_millrace/status' })) as Status
  if (flags.json) return print(JSON.stringify({ endpoint: connection.endpoint, ...answer }, null, 2))
  print(`endpoint   ${connection.endpoint}`)
  print(`version    ${answer.version}`)
  print(`account    ${answer.accountId}, ${answer.region}`)
  print(`since      ${new Date(answer.startedMs).toISOString()}`)
  print(`storage    ${answer.storage}`)
  print(`isolation  ${answer.isolation.kind}: ${answer.isolation.reason}`)
  print(`memory     ${Math.round(answer.memoryBytes / 2 ** 20)} MiB`)
  for (const [name, depth] of Object.entries(answer.queues)) print(`queue      ${name}: ${depth}`)
  for (const runtime of answer.runtimes)
    print(`runtime    ${runtime.name}: ${runtime.available ? 'available' : runtime.reason}`)
}

import { type Identity, signedRequest } from './sign.ts'
import { type LoadResult, runLoad } from './load.ts'

/** What the load process is asked to do: signs its requests first, then runs them. One message in, one out. */
export interface LoadTask {
  readonly port: number
  readonly identity: Identity
  readonly service: string
  readonly method: string
  /** `{i}` becomes the request's number modulo `distinct`, `{p}` that number divided by `prefixEvery`. */
  readonly target: string
  readonly prefixEvery?: number
  readonly distinct: number
  readonly bodyBytes: number
  /** Used instead of random bytes. */
  readonly bodyText?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
  readonly requestLimit?: number
}

process.on('message', (task: LoadTask) => {
  void run(task).then((result: LoadResult) => process.send?.(result))
})

async function run(task: LoadTask): Promise<LoadResult> {
  const body = task.bodyText === undefined ? randomBody(task.bodyBytes) : Buffer.from(task.bodyText)
  const host = `127.0.0.1:${task.port}`
  const requests = Array.from({ length: task.distinct }, (_, i) =>
    signedRequest(task.identity, task.service, {
      method: task.method,
      target: task.target.replace('{i}', String(i)).replace('{p}', String(Math.floor(i / (task.prefixEvery ?? 1)))),
      host,
      body,
      ...(task.headers && { headers: task.headers }),
    }),
  )
  return runLoad({
    port: task.port,
    connections: task.connections,
    seconds: task.seconds,
    ...(task.requestLimit !== undefined && { requestLimit: task.requestLimit }),
    request: (index) => requests[index % requests.length] as Buffer,
  })
}

function randomBody(byteCount: number): Buffer {
  const body = Buffer.allocUnsafe(byteCount)
  for (let at = 0; at < byteCount; at++) body[at] = (at * 2654435761) >>> 13
  return body
}

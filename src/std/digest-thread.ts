/** Runs in a worker thread started by digest-threads.ts: hashes blocks of shared memory for many bodies at once. */
import { parentPort } from 'node:worker_threads'
import { createDigester, type Digester, type DigestName, type Digests } from './digest.ts'

export type DigestRequest =
  | { readonly kind: 'begin'; readonly body: number; readonly names: readonly DigestName[] }
  | { readonly kind: 'update'; readonly body: number; readonly block: SharedArrayBuffer; readonly byteCount: number }
  | { readonly kind: 'end'; readonly body: number }
  | { readonly kind: 'drop'; readonly body: number }

export interface DigestReply {
  readonly body: number
  /** Present in the answer to `end`. */
  readonly digests: Digests | undefined
}

const digesters = new Map<number, Digester>()

parentPort?.on('message', (request: DigestRequest) => {
  const reply = handle(request)
  if (reply !== undefined) parentPort?.postMessage(reply)
})

function handle(request: DigestRequest): DigestReply | undefined {
  const { body } = request
  switch (request.kind) {
    case 'begin':
      digesters.set(body, createDigester(request.names))
      return undefined
    case 'update':
      digesters.get(body)?.update(Buffer.from(request.block, 0, request.byteCount))
      return { body, digests: undefined }
    case 'end': {
      const digests = digesters.get(body)?.digest()
      digesters.delete(body)
      return { body, digests }
    }
    case 'drop':
      digesters.delete(body)
      return undefined
  }
}

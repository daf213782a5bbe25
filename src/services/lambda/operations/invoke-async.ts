import { qualifiedArn } from '../arn.ts'
import { requestTooLarge } from '../errors.ts'
import { EVENT_PAYLOAD_MAX_BYTES } from '../limits.ts'
import { type LambdaOperation, refOf } from '../operation.ts'
import { checkPayload, enqueueEvent, requireInvocable } from './invoke.ts'

/** What Invoke with `Event` took the place of; old clients still send it. The function without a qualifier runs, with the same retries. */
export const invokeAsync: LambdaOperation<'InvokeAsync'> = {
  authorize: (call) => [{ action: 'lambda:InvokeFunction', resource: qualifiedArn(refOf(call)) }],

  async handle(call, lambda) {
    const ref = refOf(call)
    await requireInvocable(call, lambda, ref)
    const payload = checkPayload(await collect(call.input.InvokeArgs), true)
    await enqueueEvent(call, lambda, ref, payload)
    return { Status: 202 }
  },
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of body) {
    byteCount += chunk.byteLength
    if (byteCount > EVENT_PAYLOAD_MAX_BYTES) {
      throw requestTooLarge(`The payload is too large for InvokeAsync (limit ${EVENT_PAYLOAD_MAX_BYTES} bytes)`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

import type { BodyOutput } from '../../../protocol/operation.ts'
import { isLater } from '../../../std/soon.ts'
import { checkKey } from '../object-keys.ts'
import { answerRead } from '../objects/answer.ts'
import { refuseArchived } from '../objects/archived.ts'
import { existingObjectGrants, requireObject, rereadObject } from '../objects/in-hand.ts'
import type { S3Operation, S3Output } from '../operation.ts'

/** An object that is overwritten again and again while it is being read is given up after this many tries. */
const TRIES_MAX = 20

export const getObject: S3Operation<'GetObject'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:GetObject'),

  async handle(call, s3) {
    checkKey(call.input.Key)
    let row = await requireObject(call, s3)
    for (let attempt = 1; ; attempt++) {
      refuseArchived(row, call.nowMs)
      const { output, range, secret } = await answerRead(call, s3, row)
      if (range === undefined) return output
      const read = s3.bodies.read(row.body, range.start, range.end, secret)
      const body = isLater(read) ? await read : read
      if (body !== undefined) return withBody(output, body)
      if (attempt === TRIES_MAX) throw new Error(`the body of ${call.input.Bucket}/${call.input.Key} is missing`)
      row = await rereadObject(call, s3, call.input, 's3:GetObject')
      delete call.reply.status
    }
  },
}

function withBody(output: Omit<S3Output<'GetObject'>, 'Body'>, body: BodyOutput): S3Output<'GetObject'> {
  return Object.assign(output, { Body: body })
}

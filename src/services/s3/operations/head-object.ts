import { checkKey } from '../object-keys.ts'
import { answerRead } from '../objects/answer.ts'
import { existingObjectGrants, requireObject } from '../objects/in-hand.ts'
import type { S3Operation } from '../operation.ts'

export const headObject: S3Operation<'HeadObject'> = {
  authorize: (call, s3) => existingObjectGrants(call, s3, 's3:GetObject'),

  async handle(call, s3) {
    checkKey(call.input.Key)
    const row = await requireObject(call, s3)
    const { output } = await answerRead(call, s3, row)
    return output
  },
}

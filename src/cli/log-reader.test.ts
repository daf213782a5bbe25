import { describe, expect, it } from 'vitest'
import { RequestIds } from './log-reader.ts'

describe('the request of a log line', () => {
  it('is the one that its environment has begun', () => {
    const requests = new RequestIds()
    const lines = [
      ['one', 'before any start', undefined],
      ['one', 'START RequestId: a Version: $LATEST', 'a'],
      ['two', 'START RequestId: b Version: $LATEST', 'b'],
      ['one', 'hello', 'a'],
      ['two', 'hello', 'b'],
      ['one', 'END RequestId: a', 'a'],
      ['one', 'REPORT RequestId: a\tDuration: 1.00 ms', 'a'],
      ['one', 'INIT_START', undefined],
    ] as const
    expect(lines.map(([logStreamName, message]) => requests.of({ logStreamName, message }))).toEqual(
      lines.map(([, , requestId]) => requestId),
    )
  })
})

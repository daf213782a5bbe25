import { describe, expect, it } from 'vitest'
import { eventIn } from './dlq.ts'

const REQUEST_ID = '7267da89-fcd0-480b-83c8-cbefa58d39aa'
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:resize'

function message(Body: string, requestId?: string) {
  return {
    MessageId: 'm',
    ReceiptHandle: 'r',
    Body,
    ...(requestId !== undefined && { MessageAttributes: { RequestID: { StringValue: requestId } } }),
  }
}

function record(functionArn: string, payload: string): string {
  const context = JSON.stringify({ requestId: REQUEST_ID, functionArn, condition: 'RetriesExhausted' })
  return `{"version":"1.0","requestContext":${context},"requestPayload":${payload},"responsePayload":null}`
}

describe('the event in a dead letter', () => {
  it('is the body, byte for byte, with the request id beside it', () => {
    expect(eventIn(message('{ "Records": [] }', REQUEST_ID))).toEqual({
      payload: '{ "Records": [] }',
      requestId: REQUEST_ID,
    })
  })

  it('lies inside of the record of a destination, which names its function', () => {
    expect(eventIn(message(record(`${FUNCTION_ARN}:live`, '{"a":1}')))).toEqual({
      payload: '{"a":1}',
      functionArn: `${FUNCTION_ARN}:live`,
      requestId: REQUEST_ID,
    })
    expect(eventIn(message(record(`${FUNCTION_ARN}:$LATEST`, '{}')))).toMatchObject({ functionArn: FUNCTION_ARN })
  })

  it('keeps numbers that a double cannot hold', () => {
    const payload = '{"id":12345678901234567890,"price":1.10}'
    expect(eventIn(message(record(FUNCTION_ARN, payload))).payload).toBe(payload)
  })

  it.each(['null', '"text"', 'no JSON', '{"version":"1.0"}'])('%s is an event as it is', (body) => {
    expect(eventIn(message(body))).toEqual({ payload: body })
  })
})

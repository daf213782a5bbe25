import { describe, expect, it } from 'vitest'
import { changed } from './commands/events-tail.ts'
import { headline, story, type Trace } from './traces.ts'

const ATTEMPT = {
  atMs: 57,
  step: 'attempt',
  note: 'this event is poison',
  detail: { outcome: 'function-error', run: 1, durationMs: 7.4, errorType: 'TypeError' },
}

function trace(changes: Partial<Trace> = {}): Trace {
  return {
    id: 'e1',
    subject: 's3://photos/a.jpg',
    eventName: 'ObjectCreated:Put',
    occurredMs: 0,
    targetArn: 'arn:aws:lambda:us-east-1:123456789012:function:resize:live',
    state: 'failed',
    steps: [ATTEMPT, { atMs: 57, step: 'settled', note: 'RetriesExhausted', detail: { runs: 1 } }],
    ...changes,
  }
}

describe('the story of an event', () => {
  it('has a line for each step, with the facts that its note leaves out', () => {
    expect(story(trace())).toEqual([
      '1970-01-01T00:00:00.000Z  ObjectCreated:Put  → arn:aws:lambda:us-east-1:123456789012:function:resize:live  failed',
      '  event e1',
      '  +    57 ms  attempt     this event is poison  (outcome function-error, run 1, took 7.4 ms, error TypeError)',
      '  +    57 ms  settled     RetriesExhausted  (runs 1)',
    ])
  })

  it('says a fact once', () => {
    const step = { atMs: 0, step: 'matched', note: 'rule r1 of arn:aws:s3:::photos', detail: { rule: 'r1' } }
    expect(story(trace({ steps: [step] })).at(-1)).toBe('  +     0 ms  matched     rule r1 of arn:aws:s3:::photos')
  })
})

describe('the line of an event', () => {
  it('ends with what went wrong', () => {
    expect(headline(trace())).toBe(
      '1970-01-01T00:00:00.000Z  failed     ObjectCreated:Put  s3://photos/a.jpg → lambda:resize:live  RetriesExhausted: this event is poison',
    )
  })

  it('is short for a function that was invoked', () => {
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:resize'
    expect(headline(trace({ subject: arn, targetArn: arn, eventName: 'Invoke' }))).toContain(
      'lambda:resize → lambda:resize',
    )
  })

  it('names nobody where no rule matched', () => {
    const steps = [{ atMs: 0, step: 'unmatched', note: 'rule r1 wants the suffix .jpg' }]
    expect(headline(trace({ targetArn: null, state: 'unmatched', steps }))).toMatch(/→ nobody {2}rule r1 wants/)
  })
})

describe('a tail', () => {
  it('shows what is new or stands differently, oldest first', () => {
    const newestFirst = [trace({ id: 'new' }), trace({ id: 'settled' }), trace({ id: 'same' })]
    const known = new Map([
      ['settled', 'pending'],
      ['same', 'failed'],
    ])
    expect(changed(newestFirst, known).map(({ id }) => id)).toEqual(['settled', 'new'])
  })
})

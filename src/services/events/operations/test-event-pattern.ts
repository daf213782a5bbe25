import { validation } from '../errors.ts'
import type { EventsOperation } from '../model.ts'

export const TestEventPattern: EventsOperation<'TestEventPattern'> = {
  authorize: () => [{ action: 'events:TestEventPattern', resource: '*' }],
  async handle(call, events) {
    const pattern = events.patterns.require(call.input.EventPattern)
    return { Result: pattern.matches(eventOf(call.input.Event)) }
  },
}

function eventOf(text: string): unknown {
  try {
    const event: unknown = JSON.parse(text)
    if (typeof event === 'object' && event !== null && !Array.isArray(event)) return event
  } catch {
    // No JSON: as wrong as JSON of another shape.
  }
  throw validation('Parameter Event is not valid.')
}

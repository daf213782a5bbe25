import { expect, it } from 'vitest'
import { snsTopic } from './topic.ts'

it.each([
  [{ TracingConfig: 'Active' }, ['TracingConfig Active is not supported: there is no X-Ray here']],
  [{ TracingConfig: 'PassThrough' }, []],
  [{}, []],
])('a topic with %j is refused for %j', (properties, expected) => {
  expect(snsTopic.refusals?.(properties)).toEqual(expected)
})

import { describe, expect, it } from 'vitest'
import { loadService } from '../services.ts'

describe('answers of query services', () => {
  const cloudformation = loadService('cloudformation')
  const answer = (operation: string) => {
    const ids = { requestId: 'r', hostId: 'h' }
    const { body } = cloudformation.serialize(cloudformation.routeOf(operation), {}, { headers: {} }, ids)
    return Buffer.from(body as Uint8Array).toString()
  }

  it('have a result where the output is modelled, even when nothing is in it: botocore looks for it', () => {
    expect(answer('ExecuteChangeSet')).toContain('<ExecuteChangeSetResult/>')
  })

  it('have none where the operation has no output', () => {
    expect(answer('DeleteStack')).not.toContain('Result')
  })
})

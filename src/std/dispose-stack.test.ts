import { describe, expect, it } from 'vitest'
import { DisposeStack } from './dispose-stack.ts'

describe('a dispose stack', () => {
  it('closes in reverse order, once', async () => {
    const closed: string[] = []
    const stack = new DisposeStack()
    stack.use({ [Symbol.asyncDispose]: async () => void closed.push('store') })
    stack.defer(() => void closed.push('http'))
    await stack[Symbol.asyncDispose]()
    await stack[Symbol.asyncDispose]()
    expect(closed).toEqual(['http', 'store'])
  })

  it('closes the rest when one fails, and then says so', async () => {
    const closed: string[] = []
    const stack = new DisposeStack()
    stack.defer(() => void closed.push('store'))
    stack.defer(() => Promise.reject(new Error('stuck')))
    await expect(stack[Symbol.asyncDispose]()).rejects.toThrow('stuck')
    expect(closed).toEqual(['store'])
  })
})

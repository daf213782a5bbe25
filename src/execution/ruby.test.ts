import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionSpec } from './execution.ts'
import { findRuntimes } from './runtimes.ts'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

const ruby = (await findRuntimes()).find(({ name }) => name === 'ruby3.3')
if (!ruby?.available) console.warn(`ruby tests are skipped: ${ruby?.reason}`)
let workshop: Workshop

describe.runIf(ruby?.available).each(['auto', 'process'] as const)(
  'with isolation %s, a Ruby function',
  (isolation) => {
    beforeAll(async () => {
      workshop = await openWorkshop({ isolation })
    })
    afterAll(() => workshop[Symbol.asyncDispose]())

    const define = (code: string, changes: Partial<FunctionSpec> = {}, more: Record<string, string> = {}) =>
      workshop.define(
        { 'lambda_function.rb': code, ...more },
        { runtime: 'ruby3.3', handler: 'lambda_function.lambda_handler', ...changes },
      )

    it('answers with what its handler returns, and keeps its state', async () => {
      const fn = await define('$n = 0\ndef lambda_handler(event:, context:)\n  { event: event, n: $n += 1 }\nend')
      expect(await fn.run({ a: 'ä' })).toMatchObject({ outcome: 'success', value: { event: { a: 'ä' }, n: 1 } })
      expect((await fn.run({})).value).toEqual({ event: {}, n: 2 })
    })

    it('gets the context of its invocation', async () => {
      const code = `def lambda_handler(event:, context:)
      [context.aws_request_id, context.function_name, context.memory_limit_in_mb, context.invoked_function_arn,
       context.client_context['custom'], context.get_remaining_time_in_millis > 1000, ENV['AWS_EXECUTION_ENV'], ENV.key?('NODE_CHANNEL_FD')]
    end`
      const fn = await define(code)
      const ran = await fn.run({}, { clientContext: '{"custom":{"a":1}}' })
      const { functionName, functionArn } = fn.spec
      expect(ran.value).toEqual([
        ran.requestId,
        functionName,
        '256',
        functionArn,
        { a: 1 },
        true,
        'AWS_Lambda_ruby3.3',
        false,
      ])
    })

    it('may be a method of a class, with files and gems beside it', async () => {
      const code = `require 'greeting'
    require 'helper'
    module Functions
      class Handler
        def self.process(event:, context:) = GREETING + helper
      end
    end`
      const fn = await define(
        code,
        { handler: 'lambda_function.Functions::Handler.process' },
        {
          'helper.rb': 'def helper = "!"',
          'vendor/bundle/ruby/3.3.0/gems/greeting-1.0/lib/greeting.rb': 'GREETING = "hello"',
          'vendor/bundle/ruby/3.3.0/specifications/greeting-1.0.gemspec':
            'Gem::Specification.new { |s| s.name = "greeting"; s.version = "1.0"; s.summary = "s"; s.authors = ["a"]; s.files = ["lib/greeting.rb"] }',
        },
      )
      expect((await fn.run()).value).toBe('hello!')
    })

    it('says what was raised', async () => {
      const fn = await define("def lambda_handler(event:, context:)\n  raise ArgumentError, 'boom'\nend")
      const ran = await fn.run()
      expect(ran).toMatchObject({ outcome: 'function-error', errorType: 'Function<ArgumentError>' })
      expect(ran.value).toMatchObject({ errorMessage: 'boom', errorType: 'Function<ArgumentError>' })
      expect((ran.value as { stackTrace: string[] }).stackTrace[0]).toContain(
        "lambda_function.rb:2:in `lambda_handler'",
      )
      expect(ran.log).toContain('Error raised from handler method\n{"errorMessage":"boom"')
    })

    it.each([
      ['not ruby (', {}, 'Init<SyntaxError>'],
      ['1', {}, 'Init<NameError>'],
      ['1', { handler: 'nope.handler' }, 'Init<LoadError>'],
      ['1', { handler: 'bad' }, 'Init<ArgumentError>'],
    ])('whose code is %j with %j cannot be loaded', async (code, changes, errorType) => {
      expect((await (await define(code, changes)).run()).value).toMatchObject({ errorType })
    })

    it('writes lines, and takes large events', async () => {
      const fn = await define('def lambda_handler(event:, context:)\n  puts "länge"\n  warn "w"\n  event.length\nend')
      const ran = await fn.run('x'.repeat(5_000_000))
      expect(ran.value).toBe(5_000_000)
      expect(ran.log).toContain('\nlänge\n')
      expect(ran.log).toContain('\nw\n')
    })

    it('ends when it exits', async () => {
      const fn = await define('def lambda_handler(event:, context:)\n  exit 3\nend')
      expect((await fn.run()).errorMessage).toContain('Runtime exited with error: exit status 3')
    })
  },
)

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkshop, type Workshop } from './test-support/functions.ts'

const hasCurl = existsSync('/usr/bin/curl')
if (!hasCurl) console.warn('custom runtimes written with curl are not tested: it is not installed')

/** The custom runtime of AWS's tutorial: a shell, a loop, curl. */
const SHELL = `#!/bin/sh
set -eu
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  HEADERS=/tmp/headers.$$
  EVENT=$(curl -sS -D "$HEADERS" "$API/next")
  ID=$(grep -i lambda-runtime-aws-request-id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  echo "got $EVENT in $_HANDLER" >&2
  if [ "$EVENT" = '"fail"' ]; then
    curl -sS -o /dev/null -X POST "$API/$ID/error" -H 'Lambda-Runtime-Function-Error-Type: Function.Nope' -d '{"errorMessage":"no","errorType":"Nope"}'
  else
    curl -sS -o /dev/null -X POST "$API/$ID/response" -d "{\\"echo\\":$EVENT,\\"env\\":\\"\${AWS_EXECUTION_ENV-none}\\"}"
  fi
done
`

let workshop: Workshop

describe.each(['process', 'bubblewrap'] as const)('a custom runtime (%s)', (isolation) => {
  const canRun = isolation === 'process' || works('bwrap')
  if (!canRun) console.warn('custom runtimes are not tested in bubblewrap: it is not installed')

  describe.runIf(canRun)('here', () => {
    beforeAll(async () => {
      workshop = await openWorkshop({ isolation })
    })
    afterAll(() => workshop[Symbol.asyncDispose]())

    it.runIf(hasCurl)('speaks the Runtime API with whatever it has', async () => {
      const fn = await workshop.define({ bootstrap: SHELL }, { runtime: 'provided.al2023', handler: 'anything' })
      const ran = await fn.run({ a: 1 })
      expect(ran.value).toEqual({ echo: { a: 1 }, env: 'none' })
      expect(ran.log).toContain('got {"a":1} in anything\n')
      expect(await fn.run('fail')).toMatchObject({
        outcome: 'function-error',
        errorType: 'Function.Nope',
        errorMessage: 'no',
        value: { errorMessage: 'no', errorType: 'Nope' },
      })
      expect((await fn.run(2)).initMs).toBeUndefined()
    })

    it.runIf(hasCurl)('may be in a layer', async () => {
      const layer = await workshop.write({ bootstrap: SHELL })
      const fn = await workshop.define({}, { runtime: 'provided.al2', layerPaths: [layer] })
      // The layer's place differs without namespaces, its bootstrap does not.
      expect((await fn.run(5)).value).toEqual({ echo: 5, env: 'none' })
    })

    it('that is missing or cannot be executed is named', async () => {
      for (const files of [{}, { 'bootstrap.txt': '' }] as Record<string, string>[]) {
        const ran = await (await workshop.define(files, { runtime: 'provided.al2023' })).run()
        expect(ran.value).toEqual({
          errorType: 'Runtime.InvalidEntrypoint',
          errorMessage: `RequestId: ${ran.requestId} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]`,
        })
      }
    })

    it('that ends at once is an exit', async () => {
      const ran = await (
        await workshop.define({ bootstrap: '#!/bin/sh\necho so long\nexit 7\n' }, { runtime: 'provided.al2023' })
      ).run()
      expect(ran.value).toEqual({
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${ran.requestId} Error: Runtime exited with error: exit status 7`,
      })
      expect(ran.log).toContain('so long\n')
    })
  })
})

function works(program: string): boolean {
  try {
    execFileSync(program, ['--version'])
    return true
  } catch {
    return false
  }
}

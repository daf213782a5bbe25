import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { CliError, EXIT } from '../cli-error.ts'
import { type ConnectionFlags, findConnection } from '../connection.ts'
import { invokeFunction } from '../functions.ts'
import { print, tell } from '../output.ts'

export interface InvokeFlags extends ConnectionFlags {
  readonly payload?: string
  readonly event?: boolean
  readonly qualifier?: string
  readonly log?: boolean
}

/**
 * Runs a function and prints what it returned; with `--event` queues the event and prints its request id, under which its trace is found.
 * Exit code 1 when the function failed.
 */
export async function invoke(name: string, flags: InvokeFlags): Promise<void> {
  if (flags.event && flags.log) {
    throw new CliError('--log needs the end of the run, and --event does not wait for it', {
      fix: 'Leave one of them out; "millrace logs" prints what queued runs wrote.',
      exitCode: EXIT.usage,
    })
  }
  const payload = await readPayload(flags.payload)
  const connection = await findConnection(flags)
  const answer = await invokeFunction(connection, name, {
    payload,
    type: flags.event ? 'Event' : 'RequestResponse',
    ...(flags.qualifier !== undefined && { qualifier: flags.qualifier }),
    ...(flags.log && { withLog: true }),
  })
  if (flags.event) return print(answer.requestId)
  if (answer.log !== undefined) tell(answer.log.trimEnd())
  print(answer.payload)
  if (answer.functionError !== undefined) {
    tell(`the function failed (${answer.functionError}), request ${answer.requestId}`)
    process.exitCode = EXIT.failure
  }
}

/** JSON itself, `@file`, or `-` for stdin. Nothing is an empty object. */
async function readPayload(given = '{}'): Promise<string> {
  const json =
    given === '-' ? await text(process.stdin) : given.startsWith('@') ? await readText(given.slice(1)) : given
  try {
    JSON.parse(json)
  } catch (error) {
    throw new CliError(`the payload is no JSON: ${(error as Error).message}`, {
      fix: 'Write it as --payload \'{"key": 1}\', --payload @file.json, or --payload - for stdin.',
      exitCode: EXIT.usage,
    })
  }
  return json
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${(error as Error).message}`, { exitCode: EXIT.usage, cause: error })
  }
}

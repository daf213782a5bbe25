import type { Caller } from '../../protocol/caller.ts'
import type { CallDoor } from '../door.ts'

/** What GetParameters takes at once. */
const NAMES_MAX = 10

/** The values of SSM parameters, by name, read as the caller. Names that do not exist are missing. Throws SSM's AwsError. */
export async function readSsmValues(
  call: CallDoor,
  { caller, region }: { readonly caller: Caller; readonly region: string },
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {}
  for (let from = 0; from < names.length; from += NAMES_MAX) {
    const Names = names.slice(from, from + NAMES_MAX)
    const { Parameters = [] } = await call('ssm', 'GetParameters', { Names, WithDecryption: false }, caller, { region })
    for (const { Name, Value, Selector } of Parameters) {
      if (Name !== undefined && Value !== undefined) values[`${Name}${Selector ?? ''}`] = Value
    }
  }
  return values
}

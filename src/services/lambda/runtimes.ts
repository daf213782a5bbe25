import type { Executor } from '../../execution/execution.ts'
import { invalidParameterValue } from './errors.ts'

/** What AWS lets functions be created with, late 2026. */
const CREATABLE = [
  'nodejs24.x',
  'nodejs22.x',
  'nodejs20.x',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'provided.al2023',
  'provided.al2',
  'java25',
  'java21',
  'java17',
  'java11',
  'java8.al2',
  'dotnet10',
  'dotnet8',
  'ruby4.0',
  'ruby3.4',
  'ruby3.3',
] as const

/** What AWS once had: named in its own error. */
const RETIRED = [
  'nodejs',
  'nodejs4.3',
  'nodejs4.3-edge',
  'nodejs6.10',
  'nodejs8.10',
  'nodejs10.x',
  'nodejs12.x',
  'nodejs14.x',
  'nodejs16.x',
  'nodejs18.x',
  'python2.7',
  'python3.6',
  'python3.7',
  'python3.8',
  'python3.9',
  'java8',
  'dotnetcore1.0',
  'dotnetcore2.0',
  'dotnetcore2.1',
  'dotnetcore3.1',
  'dotnet6',
  'ruby2.5',
  'ruby2.7',
  'ruby3.2',
  'go1.x',
  'provided',
] as const

export const KNOWN_RUNTIMES: readonly string[] = [...CREATABLE, ...RETIRED]

/** Throws AWS's texts for unknown and retired runtimes, and our own for those this machine cannot run. */
export function assertRuntime(runtime: string, executor: Pick<Executor, 'runtimes'>): void {
  if ((RETIRED as readonly string[]).includes(runtime)) {
    throw invalidParameterValue(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    )
  }
  const offered = executor.runtimes.find(({ name }) => name === runtime)
  if (offered?.available) return
  if (offered === undefined && !(CREATABLE as readonly string[]).includes(runtime)) {
    throw invalidParameterValue(
      `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${CREATABLE.join(', ')}] or be a valid ARN`,
    )
  }
  const reason = offered?.reason ?? missing(runtime)
  throw invalidParameterValue(`The runtime ${runtime} is not available on this server: ${reason}.`)
}

/** Why Millrace has no such runtime, and what to do instead. */
function missing(runtime: string): string {
  const instead = 'provided.al2023 runs any executable named bootstrap'
  if (runtime.startsWith('java'))
    return `Millrace has no JVM runtime; ${instead}, a native image or a script that starts java, say`
  if (runtime.startsWith('dotnet'))
    return `Millrace has no .NET runtime; ${instead}, one that is compiled ahead of time, say`
  return `Millrace has no such runtime; ${instead}`
}

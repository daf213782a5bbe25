import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { deploy, type Deployed, DeployError, type DeployOptions } from '../../client/deploy.ts'
import { PackageError } from '../../client/package/code-folder.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { type Connection, type ConnectionFlags, explained, findConnection } from '../connection.ts'
import { onInterrupt } from '../follow.ts'
import { print, styled, tell } from '../output.ts'
import { failureText, tellProgress } from '../stack-progress.ts'

export interface DeployFlags extends ConnectionFlags {
  readonly stackName?: string
  readonly parameter: readonly string[]
  readonly tag: readonly string[]
  readonly capabilities: string
  readonly roleArn?: string
  readonly bucket?: string
  readonly rollback: boolean
  readonly execute: boolean
  readonly watch?: boolean
  readonly json?: boolean
}

const TEMPLATE_NAMES = ['template.yaml', 'template.yml', 'template.json']

/** Makes a stack what its template says; with `--watch` goes on doing so whenever a file changes, and prints what its functions log. */
export async function deployCommand(given: string | undefined, flags: DeployFlags): Promise<void> {
  if (flags.watch && !flags.execute) {
    throw new CliError('--watch deploys, and --no-execute does not: choose one of the two', { exitCode: EXIT.usage })
  }
  const templatePath = await findTemplate(given)
  const connection = await findConnection(flags)
  const signal = onInterrupt()
  const progress = tellProgress()
  let hasBegun = false
  const options: DeployOptions = {
    templatePath,
    stackName: flags.stackName ?? stackNameOf(templatePath),
    parameters: pairsOf(flags.parameter, '--parameter'),
    tags: pairsOf(flags.tag, '--tag'),
    capabilities: flags.capabilities.split(',').filter((name) => name !== ''),
    disableRollback: !flags.rollback,
    execute: flags.execute,
    onProgress: (told) => {
      hasBegun ||= flags.execute && (told.kind === 'changes' || told.kind === 'replacing')
      progress(told)
    },
    signal,
    ...(flags.roleArn !== undefined && { roleArn: flags.roleArn }),
    ...(flags.bucket !== undefined && { bucket: flags.bucket }),
  }
  try {
    if (flags.watch) {
      const { watchStack } = await import('../watch-stack.ts')
      await watchStack(connection, options, (watched) => deployOnce(connection, watched, flags), signal)
    } else await deployOnce(connection, options, flags)
  } catch (error) {
    if (!signal.aborted) {
      if (flags.json && error instanceof DeployError) print(JSON.stringify(failureOf(error)))
      throw told(error)
    }
    tell(hasBegun ? 'interrupted; what was begun goes on' : 'interrupted; nothing was changed')
  }
  if (signal.aborted) process.exitCode = EXIT.interrupted
}

async function deployOnce(connection: Connection, options: DeployOptions, flags: DeployFlags): Promise<Deployed> {
  const deployed = await deploy(connection, options)
  const { stack, changes } = deployed
  if (!flags.execute) tell(changes.length === 0 ? 'no changes' : `${changes.length} changes, not made`)
  else tell(`${styled('green', changes.length === 0 ? 'up to date' : 'deployed')} ${stack.name}`)
  if (flags.json)
    print(JSON.stringify({ stackId: stack.id, status: stack.status, outputs: outputsOf(deployed), changes }))
  else for (const { key, value } of stack.outputs) print(`${key}=${value}`)
  return deployed
}

/** What a script reads of a deployment that failed; its exit code says that it did. */
function failureOf({ message, failures }: DeployError): object {
  return {
    error: message,
    failures: failures.map(({ logicalId, resourceType, status, reason }) => ({
      logicalId,
      resourceType,
      status,
      reason,
    })),
  }
}

function outputsOf({ stack }: Deployed): Record<string, string> {
  return Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value]))
}

async function findTemplate(given: string | undefined): Promise<string> {
  const found = await stat(given ?? '.').catch(() => undefined)
  if (given !== undefined && !found?.isDirectory()) return resolve(given)
  for (const name of TEMPLATE_NAMES) {
    const path = resolve(given ?? '.', name)
    if (await stat(path).catch(() => undefined)) return path
  }
  throw new CliError(`there is no ${TEMPLATE_NAMES.join(', ')} ${given === undefined ? 'here' : `in ${given}`}`, {
    fix: 'Name a template, or write an example with "millrace init".',
    exitCode: EXIT.usage,
  })
}

/** The name of the folder that the template is in, with what a stack's name may not have left out. */
function stackNameOf(templatePath: string): string {
  const name = basename(dirname(templatePath))
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^[^A-Za-z]+|-+$/g, '')
    .slice(0, 128)
  return name === '' ? 'millrace-app' : name
}

function pairsOf(texts: readonly string[], flag: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at < 1) throw new CliError(`${flag} ${text}: expected Name=value`, { exitCode: EXIT.usage })
    pairs[text.slice(0, at)] = text.slice(at + 1)
  }
  return pairs
}

/** A failure in the words of whoever knows it best. */
export function told(error: unknown): unknown {
  if (error instanceof DeployError) return new CliError(failureText(error))
  if (error instanceof PackageError) return new CliError(error.message)
  return explained(error)
}

import { Command, CommanderError, Option } from 'commander'
import { ConfigError, flagName, SETTINGS, type SettingName, settingNames } from '../config.ts'
import { CliError, EXIT } from './cli-error.ts'
import type { DeleteFlags } from './commands/delete.ts'
import type { DeployFlags } from './commands/deploy.ts'
import type { RedriveFlags } from './commands/dlq.ts'
import type { ReplayFlags } from './commands/events-replay.ts'
import type { InvokeFlags } from './commands/invoke.ts'
import type { ConnectionFlags } from './connection.ts'
import { styled, tell } from './output.ts'
import { VERSION } from '../version.ts'

/** Parses the command line and runs one command. Each command's code is loaded when it runs, so that `--help` stays quick. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(argv)
  } catch (error) {
    process.exitCode = report(error)
  }
}

function program(): Command {
  const cli = new Command('millrace')
    .description('An AWS-compatible object store whose event notifications run Lambda functions.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(millrace --help shows what there is)')

  const start = cli
    .command('start')
    .description('Start the server, and make a data directory and credentials if there are none')
  for (const name of settingNames()) start.addOption(optionOf(name))
  start
    .option(
      '--write-profile [name]',
      'write the endpoint and credentials as an AWS profile into ~/.aws (default name: millrace)',
    )
    .action(async (flags: Record<string, string | boolean>) => (await import('./commands/start.ts')).start(flags))

  connected(cli.command('env').description('Print endpoint, region and credentials: eval "$(millrace env)"'))
    .option('--json', 'as JSON')
    .option('--tls', 'the HTTPS endpoint, and the certificate to trust')
    .action(async (flags: ConnectionFlags & { json?: boolean; tls?: boolean }) =>
      (await import('./commands/env.ts')).env(flags),
    )

  connected(cli.command('status').description('What the running server says of itself'))
    .option('--json', 'as JSON')
    .action(async (flags: ConnectionFlags & { json?: boolean }) => (await import('./commands/status.ts')).status(flags))

  connected(
    cli
      .command('deploy')
      .argument('[template]', 'a file, or its folder (default: template.yaml, template.yml or template.json)'),
  )
    .description('Package a SAM or CloudFormation template, and make a stack what it says')
    .option('--stack-name <name>', 'default: the name of the folder of the template')
    .option('--parameter <Name=value>', 'a parameter of the template; others keep their values', collect, [])
    .option('--tag <Name=value>', 'a tag of the stack and its resources', collect, [])
    .option(
      '--capabilities <names>',
      'what the template may do, with commas',
      'CAPABILITY_IAM,CAPABILITY_NAMED_IAM,CAPABILITY_AUTO_EXPAND',
    )
    .option('--role-arn <arn>', 'the role that CloudFormation acts as')
    .option('--bucket <name>', 'where code is uploaded to (default: millrace-artifacts-<account>-<region>)')
    .option('--no-rollback', 'leave a stack that failed as it is')
    .option('--no-execute', 'print the changes, and make none')
    .option('--watch', 'go on: deploy what changes, and print what the functions log')
    .option('--json', 'the stack, its outputs and changes as JSON')
    .action(async (template: string | undefined, flags: DeployFlags) =>
      (await import('./commands/deploy.ts')).deployCommand(template, flags),
    )

  connected(cli.command('delete').argument('<stack>', 'name or id'))
    .description('Delete a stack, and what is in it')
    .option('--role-arn <arn>', 'the role that CloudFormation acts as')
    .action(async (stack: string, flags: DeleteFlags) =>
      (await import('./commands/delete.ts')).deleteCommand(stack, flags),
    )

  cli
    .command('init')
    .argument('[folder]', 'default: thumbnails')
    .description('Write the thumbnail application as a SAM project, with tests')
    .action(async (folder: string | undefined) => (await import('./commands/init.ts')).init(folder))

  connected(cli.command('logs').argument('[function]').description('What functions wrote, oldest first'))
    .option('-f, --follow', 'wait for more')
    .option('--since <minutes>', 'how far back, in minutes', '60')
    .option('--json', 'one JSON object per line')
    .action(async (name: string | undefined, flags: ConnectionFlags & LogFlags) =>
      (await import('./commands/logs.ts')).logs(name, flags),
    )

  connected(cli.command('invoke').argument('<function>', 'name, name:qualifier or ARN'))
    .description('Run a function and print what it returns')
    .option('--payload <json|@file|->', 'the event: JSON, a file, or stdin (default: {})')
    .option('--event', 'queue it instead of waiting, and print the request id')
    .option('--qualifier <version|alias>', 'which version')
    .option('--log', 'the end of the log, on stderr')
    .action(async (name: string, flags: InvokeFlags) => (await import('./commands/invoke.ts')).invoke(name, flags))

  const events = cli.command('events').description('The story of an event')
  connected(events.command('why').argument('<subject>', 's3://bucket/key, or the id of an event or a request'))
    .description('Which rule matched, what permission decided, how each attempt ended')
    .option('--json', 'as JSON')
    .action(async (subject: string, flags: ConnectionFlags & { json?: boolean }) =>
      (await import('./commands/events-why.ts')).why(subject, flags),
    )
  connected(events.command('tail').description('A line for every event from now on, and for each change of its state'))
    .option('--json', 'one JSON object per line')
    .action(async (flags: ConnectionFlags & { json?: boolean }) =>
      (await import('./commands/events-tail.ts')).tail(flags),
    )
  connected(events.command('replay').argument('<event>', 's3://bucket/key, or the id of an event or a request'))
    .description('Send a recorded event again, and print the new request id')
    .option('--to <function[:qualifier]>', 'to another function than the one that got it')
    .option('--json', 'as JSON')
    .action(async (event: string, flags: ReplayFlags) =>
      (await import('./commands/events-replay.ts')).replay(event, flags),
    )

  const dlq = cli.command('dlq').description('Events that could not be handled')
  connected(dlq.command('redrive').argument('<queue>', 'name, ARN or URL of a dead-letter queue'))
    .description('Bring its messages back to the functions, or queues, that they come from')
    .option('--to <function[:qualifier]>', 'to this function')
    .option('--json', 'one JSON object per line')
    .action(async (queue: string, flags: RedriveFlags) => (await import('./commands/dlq.ts')).redrive(queue, flags))

  connected(cli.command('doctor').description('Check what the server needs on this machine'))
    .option('--json', 'as JSON')
    .action(async (flags: ConnectionFlags & { json?: boolean }) => (await import('./commands/doctor.ts')).doctor(flags))

  return cli
}

/** Flags that may be given several times. */
function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

interface LogFlags {
  readonly follow?: boolean
  readonly since: string
  readonly json?: boolean
}

/** Flags of commands that talk to a running server. */
function connected(command: Command): Command {
  for (const name of ['data', 'port', 'host', 'region'] as const) command.addOption(optionOf(name))
  return command
}

function optionOf(name: SettingName): Option {
  const setting = SETTINGS[name]
  const isSwitch = typeof setting.default === 'boolean'
  const value = isSwitch
    ? setting.default
      ? ' <true|false>'
      : ''
    : ` <${setting.unit.replaceAll(' | ', '|').replaceAll(' ', '-')}>`
  const shown = String(setting.default)
  const suffix = shown === '' || (isSwitch && !setting.default) ? '' : ` (default: ${shown})`
  return new Option(`--${flagName(name)}${value}`, `${setting.why}${suffix}`)
}

/** Says what went wrong and what to do about it; returns the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  if (error instanceof ConfigError) {
    tell(`${styled('red', 'error')} ${error.message}`)
    return EXIT.usage
  }
  if (error instanceof CliError) {
    tell(`${styled('red', 'error')} ${error.message}`)
    if (error.fix !== undefined) tell(`  ${error.fix}`)
    return error.exitCode
  }
  if (isSystemError(error)) {
    tell(`${styled('red', 'error')} ${error.message}`)
    return EXIT.failure
  }
  // Nothing that was expected, so whoever mends it needs to know where it came from.
  tell(`${styled('red', 'error')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return EXIT.failure
}

/** The system refused something about a file, or a port: `EACCES: permission denied, open '/a/b'` says all there is to say. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

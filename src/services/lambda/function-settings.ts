import type { CreateFunctionCommandInput, UpdateFunctionConfigurationCommandInput } from '@aws-sdk/client-lambda'
import type { Executor } from '../../execution/execution.ts'
import { Constraints } from './constraints.ts'
import { readDeadLetter } from './destinations/configured.ts'
import { invalidParameterValue, unsupportedMember } from './errors.ts'
import { assertRuntime } from './runtimes.ts'
import type { Logging, VersionConfig } from './tables.ts'

const ROLE_PATTERN = 'arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+'
const HANDLER_PATTERN = '[^\\s]+'
const VARIABLE_PATTERN = '[a-zA-Z]([a-zA-Z0-9_])+'
const LOG_GROUP_PATTERN = '[\\.\\-_/#A-Za-z0-9]+'

const TIMEOUT_MAX_SECONDS = 900
const MEMORY_MIN_MB = 128
const MEMORY_MAX_MB = 10_240
const STORAGE_MIN_MB = 512
const STORAGE_MAX_MB = 10_240
const ENVIRONMENT_MAX_BYTES = 4096

/** Set by the execution environment itself. */
const RESERVED_VARIABLES = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_MAX_CONCURRENCY',
  'AWS_LAMBDA_METADATA_API',
  'AWS_LAMBDA_METADATA_TOKEN',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
])

/** The members that CreateFunction and UpdateFunctionConfiguration have in common. */
export type SettingsInput = Partial<
  Pick<CreateFunctionCommandInput, keyof CreateFunctionCommandInput & keyof UpdateFunctionConfigurationCommandInput>
>

/** What a request may change of a version. */
export type Settings = Pick<
  VersionConfig,
  | 'description'
  | 'runtime'
  | 'handler'
  | 'roleArn'
  | 'timeoutSeconds'
  | 'memoryMb'
  | 'ephemeralStorageMb'
  | 'environment'
  | 'logging'
  | 'tracing'
  | 'deadLetterArn'
>

/**
 * Merges a request into settings: an absent member keeps what was there, a given one replaces it whole. Throws AWS's errors for values
 * that are out of bounds, and refuses members that Millrace does not act on.
 */
export function mergeSettings(base: Settings, input: SettingsInput, executor: Pick<Executor, 'runtimes'>): Settings {
  checkConstraints(input)
  refuseUnsupported(input)
  if (input.Runtime !== undefined) assertRuntime(input.Runtime, executor)
  const deadLetter = readDeadLetter(input.DeadLetterConfig)
  const variables = input.Environment?.Variables
  if (variables !== undefined) checkVariables(variables)
  return {
    description: input.Description ?? base.description,
    runtime: input.Runtime ?? base.runtime,
    handler: input.Handler ?? base.handler,
    roleArn: input.Role ?? base.roleArn,
    timeoutSeconds: input.Timeout ?? base.timeoutSeconds,
    memoryMb: input.MemorySize ?? base.memoryMb,
    ephemeralStorageMb: input.EphemeralStorage?.Size ?? base.ephemeralStorageMb,
    environment: input.Environment === undefined ? base.environment : environmentOf(variables),
    logging: mergeLogging(base.logging, input.LoggingConfig),
    tracing: input.TracingConfig?.Mode ?? base.tracing,
    deadLetterArn: deadLetter === undefined ? base.deadLetterArn : deadLetter,
  }
}

/** A role ARN that could exist; others are a ValidationException, not a question of permissions. */
export function isRoleArn(text: string | undefined): text is string {
  return text !== undefined && new RegExp(`^(?:${ROLE_PATTERN})$`).test(text)
}

function checkConstraints(input: SettingsInput): void {
  const constraints = new Constraints()
    .pattern('role', input.Role, ROLE_PATTERN)
    .length('handler', input.Handler, 0, 128)
    .pattern('handler', input.Handler, HANDLER_PATTERN)
    .length('description', input.Description, 0, 256)
    .range('timeout', input.Timeout, 1, TIMEOUT_MAX_SECONDS)
    .range('memorySize', input.MemorySize, MEMORY_MIN_MB, MEMORY_MAX_MB)
    .range('ephemeralStorage.size', input.EphemeralStorage?.Size, STORAGE_MIN_MB, STORAGE_MAX_MB)
    .oneOf('tracingConfig.mode', input.TracingConfig?.Mode, ['Active', 'PassThrough'])
    .oneOf('snapStart.applyOn', input.SnapStart?.ApplyOn, ['PublishedVersions', 'None'])
    .oneOf('loggingConfig.logFormat', input.LoggingConfig?.LogFormat, ['JSON', 'Text'])
    .oneOf('loggingConfig.applicationLogLevel', input.LoggingConfig?.ApplicationLogLevel, APPLICATION_LEVELS)
    .oneOf('loggingConfig.systemLogLevel', input.LoggingConfig?.SystemLogLevel, SYSTEM_LEVELS)
    .length('loggingConfig.logGroup', input.LoggingConfig?.LogGroup, 1, 512)
    .pattern('loggingConfig.logGroup', input.LoggingConfig?.LogGroup, LOG_GROUP_PATTERN)
  for (const name of Object.keys(input.Environment?.Variables ?? {})) {
    constraints.pattern('environment.variables', name, VARIABLE_PATTERN)
  }
  constraints.check()
}

const APPLICATION_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const SYSTEM_LEVELS = ['DEBUG', 'INFO', 'WARN']

/** Values that ask for nothing (an empty VpcConfig, SnapStart None) are what tools send to say "off": they pass. */
function refuseUnsupported(input: SettingsInput): void {
  const { VpcConfig: vpc } = input
  if (vpc?.SubnetIds?.length || vpc?.SecurityGroupIds?.length || vpc?.Ipv6AllowedForDualStack) {
    throw unsupportedMember('VpcConfig')
  }
  if (input.KMSKeyArn) throw unsupportedMember('KMSKeyArn')
  if (input.FileSystemConfigs?.length) throw unsupportedMember('FileSystemConfigs')
  if (input.SnapStart?.ApplyOn === 'PublishedVersions')
    throw unsupportedMember('SnapStart with ApplyOn PublishedVersions')
  if (input.ImageConfig !== undefined && Object.keys(input.ImageConfig).length > 0)
    throw unsupportedMember('ImageConfig')
  if (input.CapacityProviderConfig !== undefined) throw unsupportedMember('CapacityProviderConfig')
  if (input.DurableConfig !== undefined) throw unsupportedMember('DurableConfig')
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const begin =
    'Lambda was unable to configure your environment variables because the environment variables you have provided'
  const reserved = Object.keys(variables).filter((name) => RESERVED_VARIABLES.has(name))
  if (reserved.length > 0) {
    throw invalidParameterValue(
      `${begin} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    )
  }
  const measured = JSON.stringify(variables)
  if (Buffer.byteLength(measured) > ENVIRONMENT_MAX_BYTES) {
    throw invalidParameterValue(`${begin} exceeded the 4KB limit. String measured: ${measured}`)
  }
}

/** `Environment: {}` takes all variables away, and answers then leave the member out. */
function environmentOf(variables: Record<string, string> | undefined): Readonly<Record<string, string>> | null {
  return variables === undefined || Object.keys(variables).length === 0 ? null : { ...variables }
}

function mergeLogging(base: Logging, input: SettingsInput['LoggingConfig']): Logging {
  if (input === undefined) return base
  const format = input.LogFormat ?? base.format
  if (format === 'Text' && (input.ApplicationLogLevel !== undefined || input.SystemLogLevel !== undefined)) {
    throw invalidParameterValue(
      'Log levels cannot be set when LogFormat is Text. Choose the LogFormat JSON to use them.',
    )
  }
  const group = input.LogGroup ?? base.group
  if (group?.startsWith('aws/')) throw invalidParameterValue('The log group name cannot begin with aws/.')
  return {
    format,
    applicationLevel: format === 'JSON' ? (input.ApplicationLogLevel ?? base.applicationLevel) : null,
    systemLevel: format === 'JSON' ? (input.SystemLogLevel ?? base.systemLevel) : null,
    group,
  }
}

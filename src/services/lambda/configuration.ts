import { hash } from 'node:crypto'
import type { FunctionConfiguration, LoggingConfig } from '@aws-sdk/client-lambda'
import { type FunctionRef, qualifiedArn } from './arn.ts'
import { LATEST, type Logging, type VersionConfig } from './tables.ts'

/** Which of AWS's states an answer shows. Millrace is ready at once; creation and update still answer what waiters wait for to end. */
export type ShownState = 'active' | 'creating' | 'updating'

/** The document of Create, Update and GetFunctionConfiguration. A read with a qualifier shows the qualified ARN. */
export function configurationOf(
  ref: FunctionRef,
  version: string,
  config: VersionConfig,
  shown: ShownState = 'active',
): FunctionConfiguration {
  return {
    ...commonConfiguration(ref, version, config),
    FunctionArn: qualifiedArn(ref),
    RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(ref, config.runtime) },
    ...STATES[shown],
  }
}

/** An item of ListFunctions and ListVersionsByFunction: without states and runtime version. */
export function listedConfiguration(
  ref: FunctionRef,
  version: string,
  config: VersionConfig,
  arn: string,
): FunctionConfiguration {
  return { ...commonConfiguration(ref, version, config), FunctionArn: arn }
}

export function logGroupOf(functionName: string, logging: Logging): string {
  return logging.group ?? `/aws/lambda/${functionName}`
}

/** `2026-01-31T10:11:12.000+0000`, as Lambda writes times in configurations. */
export function lambdaTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+0000')
}

/** Base64 of a hex digest: how Lambda writes the SHA-256 of a package. */
export function codeSha256(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64')
}

const STATES: Record<ShownState, Partial<FunctionConfiguration>> = {
  active: { State: 'Active', LastUpdateStatus: 'Successful' },
  creating: { State: 'Pending', StateReason: 'The function is being created.', StateReasonCode: 'Creating' },
  updating: {
    State: 'Active',
    LastUpdateStatus: 'InProgress',
    LastUpdateStatusReason: 'The function is being created.',
    // AWS answers this value although its model does not list it.
    LastUpdateStatusReasonCode: 'Creating' as NonNullable<FunctionConfiguration['LastUpdateStatusReasonCode']>,
  },
}

function commonConfiguration(ref: FunctionRef, version: string, config: VersionConfig): FunctionConfiguration {
  return {
    FunctionName: ref.name,
    Runtime: config.runtime as NonNullable<FunctionConfiguration['Runtime']>,
    Role: config.roleArn,
    Handler: config.handler,
    CodeSize: config.code.zipBytes,
    Description: config.description,
    Timeout: config.timeoutSeconds,
    MemorySize: config.memoryMb,
    LastModified: lambdaTime(config.modifiedMs),
    CodeSha256: codeSha256(config.code.sha256),
    Version: version === LATEST ? LATEST : version,
    ...(config.environment !== null && { Environment: { Variables: { ...config.environment } } }),
    TracingConfig: { Mode: config.tracing },
    ...(config.layers.length > 0 && {
      Layers: config.layers.map(({ arn, zipBytes }) => ({ Arn: arn, CodeSize: zipBytes })),
    }),
    ...(config.deadLetterArn !== null && { DeadLetterConfig: { TargetArn: config.deadLetterArn } }),
    RevisionId: config.revisionId,
    PackageType: 'Zip',
    Architectures: [config.architecture],
    EphemeralStorage: { Size: config.ephemeralStorageMb },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: loggingConfig(ref.name, config.logging),
  }
}

function loggingConfig(functionName: string, logging: Logging): LoggingConfig {
  const common = { LogFormat: logging.format, LogGroup: logGroupOf(functionName, logging) }
  if (logging.format === 'Text') return common
  return {
    ...common,
    ApplicationLogLevel: logging.applicationLevel ?? 'INFO',
    SystemLogLevel: logging.systemLevel ?? 'INFO',
  }
}

/** Stable per runtime, in the shape of AWS's. */
function runtimeVersionArn(ref: FunctionRef, runtime: string): string {
  return `arn:${ref.partition}:lambda:${ref.region}::runtime:${hash('sha256', runtime, 'hex')}`
}

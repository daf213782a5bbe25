import type { InputOf, OperationName, OutputOf } from '../../../../protocol/operation.ts'
import type { ServiceModels } from '../../../door.ts'
import type { TemplateObject, TemplateValue } from '../../../../template/template.ts'
import type { FunctionProperties } from './function-shape.ts'
import { inlinePackage } from './inline-code.ts'

type Models = ServiceModels['lambda']
export type FunctionInput<Name extends OperationName<Models> & string> = InputOf<Models, Name>
type ConfigurationInput = FunctionInput<'UpdateFunctionConfiguration'>

/** What a function has that is not told otherwise. https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
const DEFAULTS = { Timeout: 3, MemorySize: 128, EphemeralStorage: { Size: 512 }, LogLevel: 'INFO' } as const

/** Where the code is, and for which processor. */
export function codeInput({ Code = {}, Runtime = '', Architectures }: FunctionProperties) {
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion } = Code
  return {
    ...(ZipFile !== undefined && { ZipFile: inlinePackage(Runtime, ZipFile) }),
    ...(S3Bucket !== undefined && { S3Bucket }),
    ...(S3Key !== undefined && { S3Key }),
    ...(S3ObjectVersion !== undefined && { S3ObjectVersion }),
    Architectures: (Architectures ?? ['x86_64']) as NonNullable<FunctionInput<'UpdateFunctionCode'>['Architectures']>,
  }
}

/** The whole configuration: what a template does not name is at its default, also when it named it before. */
export function configurationInput(name: string, properties: FunctionProperties): ConfigurationInput {
  const { LoggingConfig: logging = {}, DeadLetterConfig, TracingConfig, Environment } = properties
  const format = logging.LogFormat ?? 'Text'
  return {
    FunctionName: name,
    ...(properties.Role !== undefined && { Role: properties.Role }),
    ...(properties.Runtime !== undefined && { Runtime: properties.Runtime as ConfigurationInput['Runtime'] }),
    ...(properties.Handler !== undefined && { Handler: properties.Handler }),
    Description: properties.Description ?? '',
    Timeout: properties.Timeout ?? DEFAULTS.Timeout,
    MemorySize: properties.MemorySize ?? DEFAULTS.MemorySize,
    EphemeralStorage: { Size: properties.EphemeralStorage?.Size ?? DEFAULTS.EphemeralStorage.Size },
    Environment: { Variables: Environment?.Variables ?? {} },
    Layers: properties.Layers ?? [],
    DeadLetterConfig: { TargetArn: DeadLetterConfig?.TargetArn ?? '' },
    TracingConfig: { Mode: (TracingConfig?.Mode ?? 'PassThrough') as 'Active' | 'PassThrough' },
    LoggingConfig: {
      LogFormat: format,
      LogGroup: logging.LogGroup ?? `/aws/lambda/${name}`,
      ...((format === 'JSON' || logging.ApplicationLogLevel !== undefined) && {
        ApplicationLogLevel: logging.ApplicationLogLevel ?? DEFAULTS.LogLevel,
      }),
      ...((format === 'JSON' || logging.SystemLogLevel !== undefined) && {
        SystemLogLevel: logging.SystemLogLevel ?? DEFAULTS.LogLevel,
      }),
    } as ConfigurationInput['LoggingConfig'],
    ...(properties.SnapStart?.ApplyOn !== undefined && { SnapStart: { ApplyOn: 'None' as const } }),
  }
}

export function configurationProperties(
  actual: OutputOf<Models, 'GetFunctionConfiguration'>,
): Record<string, TemplateValue | undefined> {
  return {
    FunctionName: actual.FunctionName,
    PackageType: actual.PackageType,
    Architectures: actual.Architectures,
    Role: actual.Role,
    Runtime: actual.Runtime,
    Handler: actual.Handler,
    Description: actual.Description,
    Timeout: actual.Timeout,
    MemorySize: actual.MemorySize,
    EphemeralStorage: { Size: actual.EphemeralStorage?.Size ?? DEFAULTS.EphemeralStorage.Size },
    Environment: { Variables: { ...actual.Environment?.Variables } },
    Layers: (actual.Layers ?? []).map(({ Arn = '' }) => Arn),
    DeadLetterConfig: { TargetArn: actual.DeadLetterConfig?.TargetArn ?? '' },
    TracingConfig: { Mode: actual.TracingConfig?.Mode ?? 'PassThrough' },
    LoggingConfig: { ...actual.LoggingConfig } as TemplateObject,
    SnapStart: { ApplyOn: actual.SnapStart?.ApplyOn ?? 'None' },
  }
}

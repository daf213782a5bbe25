import { TAGS } from '../resource-tags.ts'
import type { Members, Shaped } from '../shape.ts'

/** What of a function Lambda has here. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html */
export const FUNCTION = {
  FunctionName: 'text',
  PackageType: 'text',
  Code: { ZipFile: 'text', S3Bucket: 'text', S3Key: 'text', S3ObjectVersion: 'text', ImageUri: 'text' },
  Architectures: ['text'],
  Role: 'text',
  Runtime: 'text',
  Handler: 'text',
  Description: 'text',
  Timeout: 'number',
  MemorySize: 'number',
  EphemeralStorage: { Size: 'number' },
  Environment: { Variables: { '*': 'text' } },
  Layers: ['text'],
  DeadLetterConfig: { TargetArn: 'text' },
  TracingConfig: { Mode: 'text' },
  LoggingConfig: { LogFormat: 'text', LogGroup: 'text', ApplicationLogLevel: 'text', SystemLogLevel: 'text' },
  SnapStart: { ApplyOn: 'text' },
  VpcConfig: { SecurityGroupIds: ['text'], SubnetIds: ['text'], Ipv6AllowedForDualStack: 'boolean' },
  FileSystemConfigs: ['json'],
  RuntimeManagementConfig: { UpdateRuntimeOn: 'text', RuntimeVersionArn: 'text' },
  CodeSigningConfigArn: 'text',
  ReservedConcurrentExecutions: 'number',
  RecursiveLoop: 'text',
  Tags: TAGS,
} as const satisfies Members

export type FunctionProperties = Shaped<typeof FUNCTION>

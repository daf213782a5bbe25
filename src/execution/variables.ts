import type { FunctionSpec, InitializationType, RoleCredentials } from './execution.ts'
import type { SandboxPaths } from './isolation/isolation.ts'
import type { Runtime } from './runtimes.ts'

export interface VariablesInput {
  readonly spec: FunctionSpec
  readonly runtime: Runtime
  readonly paths: SandboxPaths
  readonly credentials: RoleCredentials
  readonly logStreamName: string
  readonly initializationType: InitializationType
  /** `host:port` and, where strangers share the network, a path that only this environment knows. */
  readonly runtimeApi: string
  readonly endpointUrl: string
}

/**
 * The environment of a runtime process. A function's own variables win over those that Lambda lets it set, never over the reserved ones.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function variablesOf({ spec, runtime, paths, credentials, ...rest }: VariablesInput): Record<string, string> {
  const { task } = paths
  const defaults: Record<string, string> = {
    AWS_ENDPOINT_URL: rest.endpointUrl,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    SHLVL: '0',
    PWD: task,
    ...blankVariablesOf(runtime, paths),
    // Where the machine's /tmp is shared, well-behaved programs at least keep apart.
    ...(paths.tmp === '/tmp' ? {} : { TMPDIR: paths.tmp }),
  }
  const reserved: Record<string, string> = {
    _HANDLER: spec.handler,
    AWS_REGION: spec.region,
    AWS_DEFAULT_REGION: spec.region,
    AWS_LAMBDA_FUNCTION_NAME: spec.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: spec.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: rest.initializationType,
    AWS_LAMBDA_LOG_GROUP_NAME: spec.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: rest.logStreamName,
    AWS_LAMBDA_RUNTIME_API: rest.runtimeApi,
    AWS_ACCESS_KEY: credentials.accessKeyId,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    LAMBDA_TASK_ROOT: task,
    LAMBDA_RUNTIME_DIR: paths.runtime,
    ...(runtime.family === 'provided' ? {} : { AWS_EXECUTION_ENV: `AWS_Lambda_${runtime.name}` }),
    ...(spec.logFormat === 'JSON'
      ? { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: spec.applicationLogLevel ?? 'INFO' }
      : {}),
  }
  return { ...defaults, ...spec.environment, ...reserved }
}

/** What the loader of programs and the interpreter read when they start, the same for all functions: for processes started ahead. */
export function blankVariablesOf(runtime: Runtime, paths: SandboxPaths): Record<string, string> {
  const { task, opt } = paths
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: [...paths.bin, '/usr/local/bin', '/usr/bin', '/bin', `${opt}/bin`].join(':'),
    LD_LIBRARY_PATH: `/var/lang/lib:/lib64:/usr/lib64:${task}:${task}/lib:${opt}/lib`,
    ...runtimeVariables(runtime, paths),
  }
}

function runtimeVariables(runtime: Runtime, { opt, runtime: runtimePath, task }: SandboxPaths): Record<string, string> {
  switch (runtime.family) {
    case 'nodejs': {
      const folders = [`${opt}/nodejs/node${runtime.major}/node_modules`, `${opt}/nodejs/node_modules`]
      return { NODE_PATH: [...folders, `${runtimePath}/node_modules`, runtimePath, task].join(':') }
    }
    case 'python':
      return { PYTHONPATH: runtimePath }
    case 'ruby': {
      // Gems are named after the version they were installed for; those without native parts work with the others too.
      const abis = new Set([`${runtime.name.slice('ruby'.length)}.0`, runtime.gemsAbi])
      const paths = [...abis].flatMap((abi) => [`${task}/vendor/bundle/ruby/${abi}`, `${opt}/ruby/gems/${abi}`])
      return { GEM_PATH: paths.join(':'), RUBYLIB: `${task}:${opt}/ruby/lib` }
    }
    case 'provided':
      return {}
  }
}

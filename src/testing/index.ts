import { deploy, type DeployOptions } from '../client/deploy.ts'
import { defineConfig, type Settings } from '../config.ts'
import { type Clock, type Server, startServer } from '../index.ts'

export { DeployError } from '../client/deploy.ts'
export { ManualClock } from '../index.ts'

export interface TestServerOptions {
  /** A clock of your own: a `ManualClock` stands still until it is advanced. */
  readonly clock?: Clock
  /** Settings that differ from a test server's: in memory, on a free port, silent. */
  readonly settings?: Partial<Settings>
}

/** What every AWS SDK v3 client takes. */
export interface ClientConfig {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export interface TestServer extends Server {
  /** For `new S3Client(server.clientConfig())`: the account's root. Give other credentials to be somebody else. */
  clientConfig(credentials?: ClientConfig['credentials']): ClientConfig
  /**
   * Packages a SAM or CloudFormation template and makes a stack what it says (`test` unless it is named). Resolves with the outputs of the stack;
   * throws a `DeployError`, which names what failed.
   */
  deploy(templatePath: string, options?: StackOptions): Promise<Readonly<Record<string, string>>>
}

export interface StackOptions extends Pick<DeployOptions, 'parameters' | 'tags' | 'roleArn'> {
  readonly stackName?: string
}

const CAPABILITIES = ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND']

/** A whole server inside this process, with everything in memory. Ends with `await using`, or `stop()`. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const config = defineConfig({
    port: 0,
    logLevel: 'error',
    stopGraceMs: 1000,
    // Most test servers are gone before a process started ahead would be of use.
    prestartedMax: 0,
    ...(options.settings?.data === undefined && { ephemeral: true }),
    ...options.settings,
  })
  const server = await startServer(config, options.clock && { clock: options.clock })
  const { clock } = options
  const connection = {
    endpoint: server.endpoint,
    region: server.region,
    credentials: server.credentials,
    ...(clock && { now: () => clock.now() }),
  }
  return {
    endpoint: server.endpoint,
    secureEndpoint: server.secureEndpoint,
    region: server.region,
    accountId: server.accountId,
    credentials: server.credentials,
    isolation: server.isolation,
    traces: (subject, limit) => server.traces(subject, limit),
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
    deploy: async (templatePath, { stackName = 'test', ...rest } = {}) => {
      const { stack } = await deploy(connection, { ...rest, templatePath, stackName, capabilities: CAPABILITIES })
      return Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value]))
    },
    clientConfig: (credentials = server.credentials) => ({
      endpoint: server.endpoint,
      region: server.region,
      credentials,
    }),
  }
}

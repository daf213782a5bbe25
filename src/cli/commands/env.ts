import { CliError, EXIT } from '../cli-error.ts'
import { type ConnectionFlags, findConnection } from '../connection.ts'
import { print } from '../output.ts'

/** Prints what AWS clients need to reach the server. Works without a running server: everything is in the data directory. */
export async function env(flags: ConnectionFlags & { readonly json?: boolean; readonly tls?: boolean }): Promise<void> {
  const { endpoint, secure, region, credentials } = await findConnection(flags)
  if (flags.tls && secure === undefined) {
    throw new CliError('the server has no HTTPS endpoint', {
      fix: 'Start it with --tls-port 4567.',
      exitCode: EXIT.notFound,
    })
  }
  const trusted = flags.tls ? secure?.certificatePath : null
  const variables = {
    AWS_ENDPOINT_URL: flags.tls && secure !== undefined ? secure.endpoint : endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    // Python's SDKs and the aws CLI read the first, Node's the second.
    ...(trusted && { AWS_CA_BUNDLE: trusted, NODE_EXTRA_CA_CERTS: trusted }),
  }
  if (flags.json) return print(JSON.stringify(variables, null, 2))
  for (const [name, value] of Object.entries(variables)) print(`export ${name}='${value}'`)
  // A profile or a session token of another account in the shell would win over, or break, what was just set.
  print('unset AWS_PROFILE AWS_SESSION_TOKEN')
}

import { type ConnectionFlags, findConnection } from '../connection.ts'
import { print } from '../output.ts'

/** Prints what AWS clients need to reach the server. Works without a running server: everything is in the data directory. */
export async function env(flags: ConnectionFlags & { readonly json?: boolean }): Promise<void> {
  const { endpoint, region, credentials } = await findConnection(flags)
  const variables = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
  if (flags.json) return print(JSON.stringify(variables, null, 2))
  for (const [name, value] of Object.entries(variables)) print(`export ${name}='${value}'`)
  // A profile or a session token of another account in the shell would win over, or break, what was just set.
  print('unset AWS_PROFILE AWS_SESSION_TOKEN')
}

/** Inside of a network namespace of its own; what AWS's own environments use. */
const API_PORT = 9001

/** Where a process with a network of its own listens for the endpoint and the Runtime API. */
export function portsFor(endpointUrl: string): { endpoint: number; api: number } {
  const url = new URL(endpointUrl)
  const endpoint = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  return { endpoint, api: endpoint === API_PORT ? API_PORT + 1 : API_PORT }
}

import { isIPv4 } from 'node:net'
import { invalidParameter } from './errors.ts'

/**
 * Checks the endpoint of an HTTP subscription. Only this machine is reached: a topic must not become a way to send requests from here into
 * other networks. Throws InvalidParameter.
 */
export function checkHttpEndpoint(protocol: 'http' | 'https', endpoint: string): void {
  if (!endpoint.startsWith(`${protocol}://`) || !URL.canParse(endpoint)) {
    throw invalidParameter('Endpoint must match the specified protocol')
  }
  const { hostname } = new URL(endpoint)
  if (isLoopback(hostname)) return
  throw invalidParameter('Endpoint Reason: Millrace delivers to HTTP endpoints on loopback addresses only.')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

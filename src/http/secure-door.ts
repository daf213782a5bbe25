import { printable } from './address.ts'
import { ownCertificate, readCertificate } from './certificate.ts'
import { Listener, type ListenerOptions } from './listener.ts'

export interface TlsOptions {
  readonly host: string
  readonly port: number
  /** The operator's own certificate; null: one is made. */
  readonly files: { readonly certificatePath: string; readonly keyPath: string } | null
}

export interface SecureDoor {
  readonly listener: Listener
  readonly endpoint: string
  /** What clients must be told to trust; null for a certificate of the operator's own. */
  readonly certificatePath: string | null
}

/** Listens for HTTPS beside the plain listener that `door` describes; a certificate of our own is kept in `directory`. */
export async function openSecureDoor(
  tls: TlsOptions,
  door: Omit<ListenerOptions, 'port'>,
  directory: string,
): Promise<SecureDoor> {
  const own = tls.files === null ? await ownCertificate(directory, namesOf(door.domains, tls.host), door.clock) : null
  const certificate = own ?? (await readCertificate(tls.files?.certificatePath ?? '', tls.files?.keyPath ?? ''))
  const listener = await Listener.start({ ...door, host: tls.host, port: tls.port, tls: certificate })
  return { listener, endpoint: `https://${printable(tls.host)}:${listener.port}`, certificatePath: own?.path ?? null }
}

/** What a client may call this endpoint: its domains, buckets in front of them, and addresses. */
function namesOf(domains: readonly string[], host: string): string[] {
  const names = domains.flatMap((domain) => [domain, `*.${domain}`])
  const address = printable(host) === host ? [host] : []
  return [...new Set([...names, '127.0.0.1', ...address])]
}

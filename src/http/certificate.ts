import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../std/clock.ts'
import { randomHex } from '../std/ids.ts'

/** What TLS needs, as PEM text. */
export interface Certificate {
  readonly certificate: string
  readonly privateKey: string
}

/** Life of a certificate of our own, in days: the longest that Apple's clients accept. */
const LIFE_DAYS = 397
/** A certificate of our own is replaced at the first start within so many days of its end. */
const RENEWAL_DAYS = 30
const DAY_MS = 86_400_000
const CERTIFICATE_FILE = 'certificate.pem'
const KEY_FILE = 'private-key.pem'

/** The operator's own certificate. Throws when a file is missing or the key does not belong to the certificate. */
export async function readCertificate(certificatePath: string, keyPath: string): Promise<Certificate> {
  const [certificate, privateKey] = await Promise.all([readFile(certificatePath, 'utf8'), readFile(keyPath, 'utf8')])
  return { certificate, privateKey }
}

/**
 * A self-signed certificate for `names`, made at the first start, kept in `directory` and made again before it ends or when the names
 * change. Clients trust it by `AWS_CA_BUNDLE` or `NODE_EXTRA_CA_CERTS`. Returns its path too.
 */
export async function ownCertificate(
  directory: string,
  names: readonly string[],
  clock: Clock,
): Promise<Certificate & { readonly path: string }> {
  const path = join(directory, CERTIFICATE_FILE)
  const keyPath = join(directory, KEY_FILE)
  const kept = await readCertificate(path, keyPath).catch(() => undefined)
  if (kept !== undefined && isGood(kept.certificate, names, clock.now())) return { ...kept, path }
  const made = await makeCertificate(names, clock.now())
  await mkdir(directory, { recursive: true, mode: 0o700 })
  // The key first: a certificate without its key would be taken for good at the next start.
  await writeWhole(keyPath, made.privateKey, 0o600)
  await writeWhole(path, made.certificate, 0o644)
  return { ...made, path }
}

function isGood(pem: string, names: readonly string[], nowMs: number): boolean {
  const certificate = new X509Certificate(pem)
  const endsMs = Date.parse(certificate.validTo)
  return endsMs - nowMs > RENEWAL_DAYS * DAY_MS && certificate.subjectAltName === names.map(alternativeName).join(', ')
}

/** As Node prints it: what is asked for and what a kept certificate has are compared as text. */
function alternativeName(name: string): string {
  return isAddress(name) ? `IP Address:${name}` : `DNS:${name}`
}

async function makeCertificate(names: readonly string[], nowMs: number): Promise<Certificate> {
  // A quarter of a second of imports that only servers with a certificate of their own need, once a year.
  const { generate } = await import('selfsigned')
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'millrace' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS),
    notAfterDate: new Date(nowMs + LIFE_DAYS * DAY_MS - DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) => (isAddress(name) ? { type: 7, ip: name } : { type: 2, value: name })),
      },
    ],
  })
  return { certificate: cert, privateKey: key }
}

function isAddress(name: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(name) || name.includes(':')
}

async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  const draftPath = `${path}.${randomHex(4)}`
  await writeFile(draftPath, content, { mode, flag: 'wx' })
  await rename(draftPath, path)
}

import { hash } from 'node:crypto'

/** Invocations of one function in one chain of requests; the next one is a loop and is stopped (AWS: about 16). */
export const RECURSION_MAX = 16

export interface TraceContext {
  /** `X-Amzn-Trace-Id` for the function and for what it calls. */
  readonly header: string
  /** How often this function has run in this chain before. */
  readonly count: number
}

/**
 * Continues the trace a request came with, or begins one, and counts the function in its lineage. Deterministic: every attempt of
 * one request gives the function the same header.
 */
export function continueTrace(
  received: string | undefined,
  functionArn: string,
  requestId: string,
  acceptedMs: number,
): TraceContext {
  const fields = received === undefined ? new Map<string, string>() : parseFields(received)
  const hex = requestId.replaceAll('-', '')
  const seconds = Math.floor(acceptedMs / 1000)
    .toString(16)
    .padStart(8, '0')
  const root = fields.get('Root') ?? `1-${seconds}-${hex.slice(0, 24)}`
  const parent = fields.get('Parent') ?? hex.slice(-16)
  const { lineage, count } = countIn(fields.get('Lineage'), resourceHash(functionArn))
  const sampled = fields.get('Sampled') ?? '0'
  return { header: `Root=${root};Parent=${parent};Sampled=${sampled};Lineage=${lineage}`, count }
}

function parseFields(header: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at > 0) fields.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  return fields
}

/** `1:hash:count` per function, joined by `|`; foreign entries are kept as they are. */
function countIn(lineage: string | undefined, own: string): { lineage: string; count: number } {
  const entries = lineage === undefined || lineage === '' ? [] : lineage.split('|').slice(0, LINEAGE_ENTRIES_MAX)
  let count = 0
  let isKnown = false
  const counted = entries.map((entry) => {
    const [version, name, times] = entry.split(':')
    if (name !== own || times === undefined || !/^\d{1,6}$/.test(times)) return entry
    isKnown = true
    count = Number(times) + 1
    return `${version}:${own}:${count}`
  })
  if (!isKnown) counted.push(`1:${own}:0`)
  return { lineage: counted.join('|'), count }
}

/** A header grows by one entry per function of the chain; beyond this the rest is dropped. */
const LINEAGE_ENTRIES_MAX = 32

const hashes = new Map<string, string>()
const HASHES_MAX = 5000

function resourceHash(functionArn: string): string {
  let known = hashes.get(functionArn)
  if (known === undefined) {
    known = hash('sha256', functionArn, 'hex').slice(0, 8)
    if (hashes.size >= HASHES_MAX) hashes.clear()
    hashes.set(functionArn, known)
  }
  return known
}

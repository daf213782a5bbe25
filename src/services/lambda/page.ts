import { Constraints } from './constraints.ts'
import { invalidParameterValue } from './errors.ts'

export interface PageRequest {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

/** Checks `MaxItems` and caps it at what one page may hold. */
export function pageSize(input: PageRequest, allowedMax: number, pageMax: number): number {
  new Constraints().range('maxItems', input.MaxItems, 1, allowedMax).check()
  return Math.min(input.MaxItems ?? pageMax, pageMax)
}

/** Where the page begins: after this text. Throws for a marker that was not made here. */
export function readMarker(marker: string | undefined): string | undefined {
  if (marker === undefined || marker === '') return undefined
  const text = Buffer.from(marker, 'base64url').toString('utf8')
  if (!text.startsWith(MARKER) || writeMarker(text.slice(MARKER.length)) !== marker) {
    throw invalidParameterValue(`Invalid Marker: ${marker}`)
  }
  return text.slice(MARKER.length)
}

export function writeMarker(last: string): string {
  return Buffer.from(MARKER + last, 'utf8').toString('base64url')
}

const MARKER = 'after:'

import { isDeepStrictEqual } from 'node:util'
import type { TemplateObject, TemplateValue } from '../../../template/template.ts'
import type { MadeResource, ResourceRow, ResourceStep, ResourceTarget } from '../tables.ts'

/** The update of a resource that failed, and may have got somewhere; null: there is none. */
export function tornUpdate(row: ResourceRow | undefined): ResourceStep | null {
  return row?.outcome === 'failed' && row.step?.action === 'update' ? row.step : null
}

/**
 * What an update after a failed one has to begin with: of each property, of which nobody knows whether it is what it was or what the failed
 * update wanted, the one that is not wanted now, so that the type that compares sets it or takes it away.
 */
export function madeForNext({ made, ...row }: ResourceRow, next: ResourceTarget): MadeResource | null {
  const failed = tornUpdate({ made, ...row })?.target
  if (made === null || failed === undefined || failed === null) return made
  return { ...made, properties: least(made.properties, failed.properties, next.properties) }
}

/** What is given up, or told to its handler, after a failed update: what that wanted it to be. */
export function madeAsFailed(row: ResourceRow): MadeResource | null {
  const failed = tornUpdate(row)?.target
  return row.made === null || !failed ? row.made : { ...row.made, properties: failed.properties }
}

function least(before: TemplateObject, failed: TemplateObject, wanted: TemplateObject): TemplateObject {
  const members: Record<string, TemplateValue> = {}
  for (const name of new Set([...Object.keys(before), ...Object.keys(failed)])) {
    const value = isDeepStrictEqual(failed[name], wanted[name]) ? before[name] : failed[name]
    if (value !== undefined) members[name] = value
  }
  return members
}

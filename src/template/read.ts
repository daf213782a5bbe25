import { readJson } from './read-json.ts'
import { readYaml } from './read-yaml.ts'
import type { TemplatePosition, TemplateValue } from './template.ts'

/** Names of members and indexes of lists, from the root of the template. */
export type TemplatePath = readonly (string | number)[]

export interface ReadTemplate {
  readonly value: TemplateValue
  /** Where the value (for members of objects: their name) is written; undefined when the path is not in the text. */
  positionOf(path: TemplatePath): TemplatePosition | undefined
}

/**
 * Reads a template: JSON when the text begins with `{`, else YAML with CloudFormation's short tags, which come out in their long form
 * (`!Ref X` → `{Ref: 'X'}`). Throws TemplateError "Template format error: …" with line and column.
 */
export function readTemplate(text: string): ReadTemplate {
  const lines = new Lines(text)
  const { value, places } = /^\uFEFF?\s*\{/.test(text) ? readJson(text, lines) : readYaml(text, lines)
  return {
    value,
    positionOf: (path) => {
      const place = path.reduce<Place | undefined>((at, step) => at?.members.get(step), places)
      return place === undefined ? undefined : lines.positionAt(place.offset)
    },
  }
}

/** Where a value and those inside of it are in the text. */
export interface Place {
  readonly offset: number
  readonly members: ReadonlyMap<string | number, Place>
}

/** Offsets of a text as lines and columns. */
export class Lines {
  readonly #starts: readonly number[]

  constructor(text: string) {
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#starts = starts
  }

  positionAt(offset: number): TemplatePosition {
    const line = this.#starts.findLastIndex((start) => start <= offset)
    return { line: line + 1, column: offset - (this.#starts[line] ?? 0) + 1 }
  }
}

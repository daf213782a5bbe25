type Step = string | number

/** Reads the part of JSONPath that input paths know: `$.detail.items[0]['a b']`. Undefined for anything else. */
export function parseJsonPath(text: string): readonly Step[] | undefined {
  if (!text.startsWith('$')) return undefined
  const steps: Step[] = []
  const expression = /\.([A-Za-z0-9_@-]+)|\[(\d{1,6})\]|\['([^']+)'\]|\["([^"]+)"\]/y
  expression.lastIndex = 1
  while (expression.lastIndex < text.length) {
    const match = expression.exec(text)
    if (match === null) return undefined
    const [, name, index, single, double] = match
    steps.push(index === undefined ? ((name ?? single ?? double) as string) : Number(index))
  }
  return steps
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: string): unknown {
  let at = value
  for (const step of parseJsonPath(path) ?? []) {
    if (typeof at !== 'object' || at === null) return undefined
    if (Array.isArray(at) !== (typeof step === 'number') || !Object.hasOwn(at, step)) return undefined
    at = (at as Record<Step, unknown>)[step]
  }
  return at
}

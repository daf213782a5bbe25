/** Longest pattern looked at; beyond, the answer is "none found". */
const LENGTH_MAX = 1024

/**
 * A shortest text that both patterns match (`*`: any text, `?`: one character), or undefined when there is none: whether what a policy
 * allows and what a filter wants have anything in common. Where a character may be anything, it is `x`.
 */
export function commonText(one: string, two: string): string | undefined {
  if (one.length > LENGTH_MAX || two.length > LENGTH_MAX) return undefined
  const width = two.length + 1
  /** For every pair of positions reached: from where, and by which character. */
  const reached = new Map<number, { readonly from: number; readonly text: string }>()
  const start = 0
  const end = one.length * width + two.length
  reached.set(start, { from: -1, text: '' })
  // Moves that add nothing go first in line, so that the first way found is a shortest one.
  const line: number[] = [start]
  const later: number[] = []
  const reach = (i: number, j: number, from: number, text: string) => {
    const at = i * width + j
    if (reached.has(at)) return
    reached.set(at, { from, text })
    ;(text === '' ? line : later).push(at)
  }
  while (line.length > 0 || later.length > 0) {
    if (line.length === 0) line.push(...later.splice(0))
    const at = line.shift() as number
    if (at === end) return textTo(reached, end)
    const [i, j] = [Math.floor(at / width), at % width]
    const [a, b] = [one[i], two[j]]
    if (a === '*') reach(i + 1, j, at, '')
    if (b === '*') reach(i, j + 1, at, '')
    if (a === undefined || b === undefined) continue
    if (a === '*' && b !== '*') reach(i, j + 1, at, letterOf(b))
    else if (b === '*' && a !== '*') reach(i + 1, j, at, letterOf(a))
    else if (a !== '*' && b !== '*' && (a === b || a === '?' || b === '?')) {
      reach(i + 1, j + 1, at, letterOf(a === '?' ? b : a))
    }
  }
  return undefined
}

const letterOf = (char: string) => (char === '?' ? 'x' : char)

function textTo(reached: ReadonlyMap<number, { readonly from: number; readonly text: string }>, end: number): string {
  let text = ''
  for (let at = end; at !== -1; ) {
    const step = reached.get(at)
    if (step === undefined) break
    text = step.text + text
    at = step.from
  }
  return text
}

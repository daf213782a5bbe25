/**
 * Parses JSON and refuses objects that repeat a member: JSON.parse keeps the last one silently, and a Condition that is dropped
 * silently is a permission nobody wrote. Returns undefined for text that is no JSON, or repeats.
 */
export function parseStrictJson(text: string): { readonly value: unknown; readonly repeats: boolean } | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return { value, repeats: hasRepeatedMember(text) }
}

/** Looks at text that JSON.parse accepted: only strings, braces and colons need telling apart. */
function hasRepeatedMember(text: string): boolean {
  const open: Set<string>[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '{') open.push(new Set())
    else if (char === '}') open.pop()
    else if (char === '"') {
      const end = endOfString(text, at)
      let next = end + 1
      while (/\s/.test(text[next] ?? '')) next++
      if (text[next] === ':') {
        const name = JSON.parse(text.slice(at, end + 1)) as string
        const members = open.at(-1) as Set<string>
        if (members.has(name)) return true
        members.add(name)
      }
      at = end
    }
  }
  return false
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

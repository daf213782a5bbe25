/** The function of a name or ARN without the version or alias at its end. */
export function unqualified(name: string): string {
  const parts = name.split(':')
  if (parts[0] === 'arn') return parts.slice(0, 7).join(':')
  // `function:name:alias` behind an account, `name:alias` alone.
  const isPartial = parts[1] === 'function'
  return parts.slice(0, isPartial ? 3 : 1).join(':')
}

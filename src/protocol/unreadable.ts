/** Input that does not fit its schema. Never leaves the protocol room: each dialect answers with its own code. */
export class Unreadable extends Error {}

export function unreadable(sentence: string): never {
  throw new Unreadable(sentence)
}

/** A value as messages quote it: cut, for it comes from outside. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)
}

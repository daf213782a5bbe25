/**
 * A value that is mostly there at once and sometimes has to be read first. Awaiting it is right and costs a turn; on paths that every request
 * takes, {@link isLater} is asked first. A function that gives one may throw as well as reject.
 */
export type Soon<T> = T | Promise<T>

export function isLater<T>(value: Soon<T>): value is Promise<T> {
  return value instanceof Promise
}

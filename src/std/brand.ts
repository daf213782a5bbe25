declare const brand: unique symbol

/** A value that must not be swapped for another of the same representation; made by one `parseX` at the edge. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

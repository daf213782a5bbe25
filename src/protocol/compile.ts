import type { Schema } from './schema.ts'

/**
 * Compiles each schema once and keeps the result. A schema that contains itself gets a function that looks its own
 * compiled form up when it is called.
 */
export function compileOnce<Args extends readonly unknown[], Result>(
  build: (schema: Schema) => (...args: Args) => Result,
): (schema: Schema) => (...args: Args) => Result {
  const compiled = new Map<Schema, ((...args: Args) => Result) | undefined>()
  return (schema) => {
    if (!compiled.has(schema)) {
      compiled.set(schema, undefined)
      compiled.set(schema, build(schema))
    }
    return compiled.get(schema) ?? ((...args) => (compiled.get(schema) as (...args: Args) => Result)(...args))
  }
}

/** Sets a key that came from outside: `__proto__` becomes an ordinary property. */
export function setKey(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    target[key] = value
  }
}

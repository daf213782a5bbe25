import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LIST_LIMIT_MAX, VALUE_BYTES_MAX } from './limits.ts'
import { type Commit, type CommitResult, type Entry, type Key, type Store, StoreClosedError } from './store.ts'

export interface ContractEngine {
  open(): Promise<Store>
  /** Closes the store and opens it on the same data; undefined where nothing outlives the store. */
  reopen?: (store: Store) => Promise<Store>
  cleanUp(): Promise<void>
}

const key = (text: string): Buffer => Buffer.from(text)
const texts = (entries: readonly Entry[]): string[] => entries.map((entry) => Buffer.from(entry.key).toString())
const put = (store: Store, ...rows: [string, string][]): Promise<CommitResult> =>
  store.commit({ checks: [], puts: rows.map(([k, v]) => [key(k), key(v)]), deletes: [] })
const read = async (store: Store, name: string): Promise<string | undefined> =>
  (await store.get(key(name)))?.value.toString()

const create = (name: string, value: string): Commit => ({
  checks: [{ key: key(name), version: null }],
  puts: [[key(name), key(value)]],
  deletes: [],
})

/** What every engine must do. */
export function describeStore(name: string, makeEngine: () => Promise<ContractEngine>): void {
  describe(`${name} store`, () => {
    let engine: ContractEngine
    let store: Store

    beforeEach(async () => {
      engine = await makeEngine()
      store = await engine.open()
    })
    afterEach(async () => {
      await store[Symbol.asyncDispose]()
      await engine.cleanUp()
    })

    it('says at once what it would say later, where it can', async () => {
      const now = (name: string) => {
        const entry = store.getNow?.(key(name))
        return entry === null ? 'none' : entry?.value.toString()
      }
      const can = store.getNow !== undefined
      expect(now('a')).toBe(can ? 'none' : undefined)
      for (const value of ['1', '2']) {
        await put(store, ['a', value])
        expect(now('a')).toBe(can ? value : undefined)
      }
      await store.commit({ checks: [], puts: [], deletes: [key('a')] })
      expect(now('a')).toBe(can ? 'none' : undefined)
      await store[Symbol.asyncDispose]()
      if (can) expect(() => now('a')).toThrow(StoreClosedError)
    })

    it('gives back what was put, and nothing for what was not', async () => {
      await put(store, ['a', '1'])
      expect(await read(store, 'a')).toBe('1')
      expect(await store.get(key('b'))).toBeUndefined()
      expect((await store.getMany([key('b'), key('a')])).map((entry) => entry?.value.toString())).toEqual([
        undefined,
        '1',
      ])
    })

    it('keeps empty values and any bytes', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
      await store.commit({
        checks: [],
        puts: [
          [Buffer.concat([Buffer.of(2), bytes]), bytes],
          [key('empty'), Buffer.alloc(0)],
        ],
        deletes: [],
      })
      expect((await store.get(Buffer.concat([Buffer.of(2), bytes])))?.value).toEqual(bytes)
      expect((await store.get(key('empty')))?.value.length).toBe(0)
    })

    it('does not see what the caller does to its buffers after the commit', async () => {
      const value = key('before')
      const name = key('name')
      await store.commit({ checks: [], puts: [[name, value]], deletes: [] })
      value.fill(0)
      name.fill(0)
      expect(await read(store, 'name')).toBe('before')
    })

    it('gives every entry the version of the commit that wrote it, and versions grow', async () => {
      const first = await put(store, ['a', '1'], ['b', '1'])
      const second = await put(store, ['b', '2'])
      expect(first.ok && (await store.get(key('a')))?.version).toBe(first.ok && first.version)
      expect(second.ok && (await store.get(key('b')))?.version).toBe(second.ok && second.version)
      expect(second.ok && first.ok && second.version > first.version).toBe(true)
    })

    it('writes nothing when one of several checks fails, and says which', async () => {
      await put(store, ['a', '1'])
      const a = await store.get(key('a'))
      const result = await store.commit({
        checks: [
          { key: key('a'), version: a?.version ?? null },
          { key: key('a'), version: null },
          { key: key('b'), version: 7 },
        ],
        puts: [[key('c'), key('1')]],
        deletes: [key('a')],
      })
      expect(result.ok ? [] : result.conflicts.map((conflict) => Buffer.from(conflict).toString())).toEqual(['a', 'b'])
      expect(await read(store, 'a')).toBe('1')
      expect(await read(store, 'c')).toBeUndefined()
    })

    it('holds a check for absence until somebody creates the key', async () => {
      // The first is on its way when the others arrive, which then compete within one group.
      const first = put(store, ['other', ''])
      const results = await Promise.all(['1', '2', '3'].map((value) => store.commit(create('a', value))))
      await first
      expect(results.map((result) => result.ok)).toEqual([true, false, false])
      expect(await read(store, 'a')).toBe('1')
    })

    it('notices that a key was deleted and put again', async () => {
      await put(store, ['a', '1'])
      const before = await store.get(key('a'))
      await store.commit({ checks: [], puts: [], deletes: [key('a')] })
      await put(store, ['a', '1'])
      const result = await store.commit({
        checks: [{ key: key('a'), version: before?.version ?? null }],
        puts: [],
        deletes: [key('a')],
      })
      expect(result.ok).toBe(false)
    })

    it('loses no increment of concurrent writers', async () => {
      await put(store, ['counter', '0'])
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let done = false; !done; ) {
            const entry = (await store.get(key('counter'))) as Entry
            const next = key(String(Number(entry.value.toString()) + 1))
            const result = await store.commit({
              checks: [{ key: entry.key, version: entry.version }],
              puts: [[entry.key, next]],
              deletes: [],
            })
            done = result.ok
          }
        }),
      )
      expect(await read(store, 'counter')).toBe('16')
    })

    it('keeps phantoms out with a sentinel: a bucket cannot be deleted while a key is put', async () => {
      await put(store, ['bucket', 'active'])
      const sentinel = (await store.get(key('bucket'))) as Entry
      const check = [{ key: sentinel.key, version: sentinel.version }]
      const [mark, write] = await Promise.all([
        store.commit({ checks: check, puts: [[sentinel.key, key('deleting')]], deletes: [] }),
        store.commit({ checks: check, puts: [[key('bucket/key'), key('1')]], deletes: [] }),
      ])
      expect([mark.ok, write.ok]).toEqual([true, false])
      expect(await store.list({ gte: key('bucket/'), lt: key('bucket0'), limit: 1 })).toEqual([])
    })

    it('lists a range in byte order, from either end, up to the limit', async () => {
      await put(store, ['b', ''], ['a', ''], ['ab', ''], ['é', ''], ['c', ''], ['B', ''])
      const range = { gte: key('a'), lt: key('c'), limit: 10 }
      expect(texts(await store.list(range))).toEqual(['a', 'ab', 'b'])
      expect(texts(await store.list({ ...range, reverse: true }))).toEqual(['b', 'ab', 'a'])
      expect(texts(await store.list({ ...range, limit: 2 }))).toEqual(['a', 'ab'])
      expect(texts(await store.list({ ...range, limit: 2, reverse: true }))).toEqual(['b', 'ab'])
      expect(texts(await store.list({ gte: key('B'), lt: Buffer.of(0xff), limit: 10 }))).toEqual([
        'B',
        'a',
        'ab',
        'b',
        'c',
        'é',
      ])
      expect(await store.list({ gte: key('c'), lt: key('a'), limit: 10 })).toEqual([])
      expect(await store.list({ ...range, limit: 0 })).toEqual([])
    })

    it('lists what was committed, as soon as it was', async () => {
      for (let round = 0; round < 20; round++) {
        await put(store, [`k${String(round).padStart(2, '0')}`, String(round)])
        expect(await store.list({ gte: key('k'), lt: key('l'), limit: 100 })).toHaveLength(round + 1)
      }
    })

    it('shows none of its own keys, whatever the range', async () => {
      await put(store, ['a', '1'])
      expect(texts(await store.list({ gte: Buffer.alloc(0), lt: Buffer.of(0xff), limit: 10 }))).toEqual(['a'])
      expect(texts(await store.list({ gte: Buffer.alloc(0), lt: Buffer.of(0xff), limit: 10, reverse: true }))).toEqual([
        'a',
      ])
    })

    it('applies a commit of a thousand rows at once', async () => {
      const rows = Array.from({ length: 1000 }, (_, index): [string, string] => [
        `r${String(index).padStart(4, '0')}`,
        'v',
      ])
      await put(store, ...rows)
      expect(await store.list({ gte: key('r'), lt: key('s'), limit: LIST_LIMIT_MAX })).toHaveLength(1000)
      await store.commit({ checks: [], puts: [], deletes: rows.map(([name]) => key(name)) })
      expect(await store.list({ gte: key('r'), lt: key('s'), limit: 10 })).toEqual([])
    })

    it('refuses values that belong into blobs, and keys outside the tables', async () => {
      const large = Buffer.alloc(VALUE_BYTES_MAX + 1)
      await expect(store.commit({ checks: [], puts: [[key('a'), large]], deletes: [] })).rejects.toThrow('64 KiB')
      await expect(put(store, ['\0x', '1'])).rejects.toThrow('first byte')
      await expect(store.get(Buffer.alloc(0))).rejects.toThrow('first byte')
      expect(await store.get(key('a'))).toBeUndefined()
    })

    it('refuses calls after it was closed', async () => {
      await store[Symbol.asyncDispose]()
      await expect(put(store, ['a', '1'])).rejects.toThrow(StoreClosedError)
      await expect(store.get(key('a'))).rejects.toThrow(StoreClosedError)
      await expect(store.list({ gte: key('a'), lt: key('b'), limit: 1 })).rejects.toThrow(StoreClosedError)
    })

    it('finishes the commits it has taken before it closes', async () => {
      const commits = Array.from({ length: 200 }, (_, index) => put(store, [`c${index}`, 'v']))
      const closed = store[Symbol.asyncDispose]()
      expect((await Promise.all(commits)).every((result) => result.ok)).toBe(true)
      await closed
    })

    it('keeps entries and growing versions when it is opened again', async ({ skip }) => {
      if (engine.reopen === undefined) return skip('nothing outlives this engine')
      await put(store, ['a', '1'])
      const removed = await put(store, ['b', '1'])
      await store.commit({ checks: [], puts: [], deletes: [key('b')] })
      store = await engine.reopen(store)
      expect(await read(store, 'a')).toBe('1')
      expect(await store.get(key('b'))).toBeUndefined()
      const next = await put(store, ['c', '1'])
      expect(next.ok && removed.ok && next.version > removed.version + 1).toBe(true)
    })

    it('agrees with a sorted map over random operations', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 60 }), async (operations) => {
          await store.commit({ checks: [], puts: [], deletes: NAMES.map(key) })
          const model = new Map<string, string>()
          for (const step of operations) await applyAndCompare(store, model, step)
        }),
        { numRuns: 20 },
      )
    })
  })
}

const NAMES = ['a', 'aa', 'b', 'b\xff', 'ba', 'c'] as const
const name = fc.constantFrom(...NAMES)

type Operation =
  | { kind: 'commit'; puts: Record<string, string>; deletes: string[]; checks: { name: string; isRight: boolean }[] }
  | { kind: 'list'; from: string; to: string; limit: number; reverse: boolean }

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('commit' as const),
    puts: fc.dictionary(name, fc.string({ maxLength: 5 }), { maxKeys: 3 }),
    deletes: fc.uniqueArray(name, { maxLength: 2 }),
    checks: fc.array(fc.record({ name, isRight: fc.boolean() }), { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('list' as const), from: name, to: name, limit: fc.nat(4), reverse: fc.boolean() }),
)

async function applyAndCompare(store: Store, model: Map<string, string>, step: Operation): Promise<void> {
  if (step.kind === 'list') {
    const range = { gte: key(step.from), lt: key(step.to), limit: step.limit, reverse: step.reverse }
    const listed = await store.list(range)
    expect(listed.map((entry) => [Buffer.from(entry.key).toString(), entry.value.toString()])).toEqual(
      expectedRange(model, step),
    )
    return
  }
  const deletes = step.deletes.filter((deleted) => !(deleted in step.puts))
  const checks = await Promise.all(step.checks.map((check) => checkOf(store, check)))
  const result = await store.commit({
    checks,
    puts: Object.entries(step.puts).map(([k, v]): [Key, Buffer] => [key(k), key(v)]),
    deletes: deletes.map(key),
  })
  expect(result.ok).toBe(step.checks.every((check) => check.isRight))
  if (!result.ok) return
  for (const [k, v] of Object.entries(step.puts)) model.set(k, v)
  for (const k of deletes) model.delete(k)
  for (const k of NAMES) expect(await read(store, k)).toBe(model.get(k))
}

async function checkOf(
  store: Store,
  check: { name: string; isRight: boolean },
): Promise<{ key: Key; version: number | null }> {
  const version = (await store.get(key(check.name)))?.version ?? null
  return { key: key(check.name), version: check.isRight ? version : (version ?? 0) + 1 }
}

function expectedRange(
  model: Map<string, string>,
  { from, to, limit, reverse }: Operation & { kind: 'list' },
): [string, string][] {
  const rows = [...model]
    .filter(([k]) => Buffer.compare(key(k), key(from)) >= 0 && Buffer.compare(key(k), key(to)) < 0)
    .sort(([a], [b]) => Buffer.compare(key(a), key(b)))
  if (reverse) rows.reverse()
  return rows.slice(0, limit)
}

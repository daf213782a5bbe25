/** Started by src/store/engines/leveldb.test.ts, which kills it: commits as fast as it can and prints what was acknowledged. */
import { openLevelStore } from '../../src/store/engines/leveldb.ts'

const [path, round] = process.argv.slice(2) as [string, string]
const store = await openLevelStore(path)

async function write(writer: number): Promise<void> {
  for (let index = 0; ; index++) {
    const name = `${round}-${writer}-${index}`
    const value = Buffer.from(name)
    const puts = ['a', 'b'].map((half) => [Buffer.from(`${half}/${name}`), value] as const)
    await store.commit({ checks: [], puts, deletes: [] })
    process.stdout.write(`${name}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))

import { functionZip } from '../../test/house/function-zip.ts'

/** The code of the example's functions, by what it does. */
const SOURCES = {
  /** Says what it got. */
  calm: `export const handler = async (event) => { console.log('got', event.Records[0].s3.object.key) }`,
  /** Takes its time. */
  slow: `export const handler = () => new Promise((resolve) => setTimeout(resolve, 4000))`,
  /** Cannot handle any event. */
  poisoned: `export const handler = async () => { throw new TypeError('this event is poison') }`,
  /** Answers every object with another one in the same bucket. */
  looping: `
    import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
    const s3 = new S3Client({ forcePathStyle: true })
    export const handler = async (event) => {
      const { bucket, object } = event.Records[0].s3
      await s3.send(new PutObjectCommand({ Bucket: bucket.name, Key: object.key + '-', Body: 'again' }))
    }`,
} as const

export type Behaviour = keyof typeof SOURCES

export function packageOf(behaviour: Behaviour): Uint8Array {
  return functionZip({ 'index.mjs': SOURCES[behaviour] })
}

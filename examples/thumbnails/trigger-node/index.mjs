import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'

const s3 = new S3Client({})

/** Looks at the object that arrived and logs its content type. */
export const handler = async (event) => {
  const [{ s3: change }] = event.Records
  const Bucket = change.bucket.name
  const Key = decodeURIComponent(change.object.key.replaceAll('+', ' '))
  try {
    const { ContentType } = await s3.send(new HeadObjectCommand({ Bucket, Key }))
    console.log('CONTENT TYPE:', ContentType)
    return ContentType
  } catch (error) {
    console.error(`Could not read ${Key} of ${Bucket}: does it exist, in this region, and may this role read it?`)
    throw error
  }
}

import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import sharp from 'sharp'

const s3 = new S3Client({})
const Bucket = process.env.THUMBNAIL_BUCKET
const width = Number(process.env.THUMBNAIL_WIDTH)

/** Writes a thumbnail of each image that arrived, under the key of the image. */
export const handler = async (event) => {
  for (const { s3: change } of event.Records) {
    // Keys in events are encoded as in a form: a space is a plus sign.
    const Key = decodeURIComponent(change.object.key.replaceAll('+', ' '))
    const image = await s3.send(new GetObjectCommand({ Bucket: change.bucket.name, Key }))
    const thumbnail = await sharp(await image.Body.transformToByteArray()).resize({ width }).toBuffer()
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: thumbnail, ContentType: image.ContentType }))
    console.log(`${change.bucket.name}/${Key}: ${change.object.size} bytes became ${thumbnail.length}`)
  }
}

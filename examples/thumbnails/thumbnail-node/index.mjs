import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import sharp from 'sharp'

const THUMBNAIL_WIDTH_PX = 200
const FORMATS = new Set(['jpg', 'jpeg', 'png'])

const s3 = new S3Client({})

/** Reads each image that arrived and writes a 200-pixel-wide copy into the bucket named `SOURCE-resized`. */
export const handler = async (event) => {
  const written = []
  for (const { s3: change } of event.Records) {
    const source = { Bucket: change.bucket.name, Key: decodeURIComponent(change.object.key.replaceAll('+', ' ')) }
    const target = { Bucket: `${source.Bucket}-resized`, Key: `resized-${source.Key}` }
    const extension = source.Key.split('.').at(-1).toLowerCase()
    if (!FORMATS.has(extension)) {
      console.log(`Not an image that can be resized: ${source.Key}`)
      continue
    }
    const original = await s3.send(new GetObjectCommand(source))
    const thumbnail = await sharp(await original.Body.transformToByteArray()).resize({ width: THUMBNAIL_WIDTH_PX }).toBuffer()
    await s3.send(new PutObjectCommand({ ...target, Body: thumbnail, ContentType: original.ContentType }))
    console.log(`Resized ${source.Bucket}/${source.Key} into ${target.Bucket}/${target.Key}`)
    written.push(target)
  }
  return written
}

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { GetObjectCommand, PutObjectCommand, S3Client, waitUntilObjectExists } from '@aws-sdk/client-s3'
import { SQSClient, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { ManualClock, startTestServer } from 'millrace/testing'

// 600 × 400 pixels of one colour, as PNG.
const IMAGE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAlgAAAGQAQMAAABI+4zbAAAAA1BMVEUzmf8M1rjNAAAANElEQVR42u3BAQ0AAADCoPdPbQ8HFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAjwZ2wAABTwrGEAAAAABJRU5ErkJggg==',
  'base64',
)

describe('the thumbnail application', () => {
  const clock = new ManualClock()
  let server
  let outputs
  let s3
  before(async () => {
    // The whole application, with its permissions, in this process.
    server = await startTestServer({ clock })
    outputs = await server.deploy(fileURLToPath(new URL('../template.yaml', import.meta.url)))
    s3 = new S3Client(server.clientConfig())
  })
  after(() => server?.stop())

  it('makes a thumbnail of the width that the template says', async () => {
    await s3.send(new PutObjectCommand({ Bucket: outputs.PhotosBucket, Key: 'blue.png', Body: IMAGE }))
    const thumbnail = { Bucket: outputs.ThumbnailsBucket, Key: 'blue.png' }
    await waitUntilObjectExists({ client: s3, maxWaitTime: 20, minDelay: 0.1, maxDelay: 0.2 }, thumbnail)
    const { Body } = await s3.send(new GetObjectCommand(thumbnail))
    assert.equal(Buffer.from(await Body.transformToByteArray()).readUInt32BE(16), 200)
  })

  it('hands over what is no image, after one more attempt a minute later', async () => {
    await s3.send(new PutObjectCommand({ Bucket: outputs.PhotosBucket, Key: 'broken.png', Body: 'no image' }))
    const sqs = new SQSClient(server.clientConfig())
    const receive = new ReceiveMessageCommand({ QueueUrl: outputs.FailuresQueue })
    let failure
    for (let tries = 0; failure === undefined && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      await clock.advance(10_000)
      failure = (await sqs.send(receive)).Messages?.[0]
    }
    const { requestContext } = JSON.parse(failure.Body)
    assert.equal(requestContext.condition, 'RetriesExhausted')
    assert.equal(requestContext.approximateInvokeCount, 2)
  })
})

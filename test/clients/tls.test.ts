import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ownCertificate } from '../../src/http/certificate.ts'
import { ManualClock, startTestServer, type TestServer } from '../../src/testing/index.ts'
import { freePort } from '../house/server-process.ts'

const NAMES = ['localhost', '*.localhost', '127.0.0.1']
const DAY_MS = 86_400_000

describe('HTTPS', () => {
  let directory: string
  let server: TestServer
  let plain: S3Client
  let secure: S3Client

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-tls-'))
    const own = await ownCertificate(directory, NAMES, { now: () => Date.now(), setTimer: () => ({ cancel() {} }) })
    server = await startTestServer({
      settings: {
        tlsPort: await freePort(),
        tlsCertificate: own.path,
        tlsKey: join(directory, 'private-key.pem'),
        secureLoopback: false,
      },
    })
    plain = new S3Client(server.clientConfig())
    secure = new S3Client({
      ...server.clientConfig(),
      endpoint: server.secureEndpoint as string,
      requestHandler: { httpsAgent: new Agent({ ca: own.certificate }) },
    })
    await plain.send(new CreateBucketCommand({ Bucket: 'secrets' }))
  })
  afterAll(async () => {
    await server?.stop()
    await rm(directory, { recursive: true })
  })

  it('serves what plain HTTP serves, large bodies too', async () => {
    const body = Buffer.alloc(300_000, 'tls')
    await secure.send(new PutObjectCommand({ Bucket: 'secrets', Key: 'large', Body: body }))
    const { Body } = await plain.send(new GetObjectCommand({ Bucket: 'secrets', Key: 'large' }))
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(body)).toBe(true)
  })

  it('is what aws:SecureTransport asks for', async () => {
    const statement = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::secrets/*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await secure.send(new PutObjectCommand({ Bucket: 'secrets', Key: 'k', Body: 'x' }))
    await plain.send(new PutBucketPolicyCommand({ Bucket: 'secrets', Policy }))
    await expect(plain.send(new GetObjectCommand({ Bucket: 'secrets', Key: 'k' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    })
    const { Body } = await secure.send(new GetObjectCommand({ Bucket: 'secrets', Key: 'k' }))
    expect(await Body?.transformToString()).toBe('x')
  })

  it('is refused by a client that does not know the certificate', async () => {
    const stranger = new S3Client({
      ...server.clientConfig(),
      endpoint: server.secureEndpoint as string,
      maxAttempts: 1,
    })
    await expect(stranger.send(new GetObjectCommand({ Bucket: 'secrets', Key: 'k' }))).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
  })

  it('keeps its own certificate until its names change or its end is near', async () => {
    const clock = new ManualClock()
    const path = join(directory, 'kept')
    const first = await ownCertificate(path, NAMES, clock)
    expect((await ownCertificate(path, NAMES, clock)).certificate).toBe(first.certificate)
    expect(((await stat(join(path, 'private-key.pem'))).mode & 0o777).toString(8)).toBe('600')
    const renamed = await ownCertificate(path, [...NAMES, 'mill.example'], clock)
    expect(renamed.certificate).not.toBe(first.certificate)
    await clock.advance(370 * DAY_MS)
    const renewed = await ownCertificate(path, [...NAMES, 'mill.example'], clock)
    expect(renewed.certificate).not.toBe(renamed.certificate)
    expect(await readFile(renewed.path, 'utf8')).toBe(renewed.certificate)
  })
})

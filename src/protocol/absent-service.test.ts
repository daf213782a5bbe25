import { describe, expect, it } from 'vitest'
import { answerForAbsentService } from './absent-service.ts'
import { wireRequest } from './wire.fixture.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
const TARGET = { 'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories' }

describe('a call for a service that is not here', () => {
  it.each([
    [
      'JSON',
      wireRequest('POST', '/', TARGET),
      'ecr',
      '"__type":"NotImplemented","message":"Millrace has no service \\"ecr\\".',
    ],
    ['XML', wireRequest('POST', '/', FORM), 'ec2', '<Code>NotImplemented</Code><Message>Millrace has no service'],
    ['JSON on a path', wireRequest('GET', '/restapis'), 'apigateway', 'Millrace has no service \\"apigateway\\".'],
  ])('is answered in %s, with 501 and the services that are', (_, request, scope, text) => {
    const reply = answerForAbsentService(request, scope)
    expect(reply?.status).toBe(501)
    expect(Buffer.from(reply?.body as Uint8Array).toString()).toContain(text)
    expect(Buffer.from(reply?.body as Uint8Array).toString()).toContain('lambda, iam')
  })

  it.each([
    ['unsigned', wireRequest('POST', '/', TARGET), undefined],
    ['for a service that is here', wireRequest('POST', '/', FORM), 'sts'],
    ['like one to S3, which refuses the signature itself', wireRequest('PUT', '/bucket/key'), 's3express'],
  ])('is not what a call is that is %s', (_, request, scope) => {
    expect(answerForAbsentService(request, scope)).toBeUndefined()
  })
})

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsError } from '../../src/protocol/errors.ts'
import type { Route, WireReply, WireRequest } from '../../src/protocol/service.ts'
import { chooseService, loadService, needsBodyToChoose } from '../../src/protocol/services.ts'

/** What the server answers next, and what it understood last. */
export interface Exchange {
  output: object | AwsError
  received: { route: Route; input: Record<string, unknown> } | undefined
  failure: unknown
}

export interface EchoServer extends AsyncDisposable {
  readonly url: string
  readonly exchange: Exchange
}

/** A bare node:http server around the protocol room: no signatures, no policies; it answers what the test says. */
export async function startEchoServer(): Promise<EchoServer> {
  const exchange: Exchange = { output: {}, received: undefined, failure: undefined }
  const server = createServer((request, response) => {
    answer(request, response, exchange).catch((error: unknown) => {
      exchange.failure = error
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, exchange, [Symbol.asyncDispose]: () => close(server) }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

const ids = { requestId: 'REQUEST', hostId: 'HOST' }

async function answer(incoming: IncomingMessage, response: ServerResponse, exchange: Exchange): Promise<void> {
  const request = wireRequest(incoming)
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  const body = Buffer.concat(parts)
  const scope = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(request.headers['authorization'] ?? '')?.[1]
  const service = loadService(chooseService(request, scope, needsBodyToChoose(request, scope) ? () => body : undefined))
  let route: Route | undefined
  let reply: WireReply
  try {
    route = service.route(request, service.needsBodyToRoute(request) ? body : undefined)
    exchange.received = { route, input: service.parse(route, request, body) }
    if (exchange.output instanceof AwsError) throw exchange.output
    reply = service.serialize(route, exchange.output, { headers: {} }, ids)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    if (error !== exchange.output) exchange.failure = error
    reply = service.serializeError(route, request, error, ids)
  }
  response.writeHead(reply.status, reply.headers)
  if (reply.body instanceof Uint8Array) response.write(reply.body)
  else if (reply.body !== undefined) for await (const part of reply.body) response.write(part)
  response.end()
}

function wireRequest(incoming: IncomingMessage): WireRequest {
  const target = incoming.url ?? '/'
  const mark = target.indexOf('?')
  return {
    method: incoming.method ?? 'GET',
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: incoming.headers as Record<string, string | undefined>,
    host: incoming.headers.host ?? '',
    hostBucket: undefined,
  }
}

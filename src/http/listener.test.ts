import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { HttpReply, HttpRequest } from '../protocol/pipeline.ts'
import { systemClock } from '../std/clock.ts'
import { Listener, type ListenerLimits } from './listener.ts'

const LIMITS: ListenerLimits = {
  connectionsMax: 1000,
  headersTimeoutMs: 300,
  idleTimeoutMs: 200,
  keepAliveTimeoutMs: 5000,
}

const opened: (Listener | Socket)[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) {
    if (one instanceof Listener) await one[Symbol.asyncDispose]()
    else one.destroy()
  }
})

async function listen(
  handle: (request: HttpRequest) => Promise<HttpReply>,
  limits: Partial<ListenerLimits> = {},
): Promise<{ listener: Listener; broken: unknown[] }> {
  const broken: unknown[] = []
  const listener = await Listener.start({
    host: '127.0.0.1',
    port: 0,
    limits: { ...LIMITS, ...limits },
    clock: systemClock,
    domains: ['localhost'],
    secureLoopback: true,
    handle,
    onBrokenReply: (error) => broken.push(error),
  })
  opened.push(listener)
  return { listener, broken }
}

/** A raw client: what it received so far, and a way to wait for more. */
class Client {
  readonly socket: Socket
  received = ''
  isClosed = false
  #wake: (() => void)[] = []

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    opened.push(this.socket)
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.received += text
      this.#ring()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.isClosed = true
      this.#ring()
    })
  }

  send(text: string): this {
    this.socket.write(text)
    return this
  }

  async until(condition: (client: Client) => boolean): Promise<this> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#wake.push(resolve))
    return this
  }

  contains(text: string): Promise<this> {
    return this.until((client) => client.received.includes(text) || client.isClosed)
  }

  #ring(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

const ok = (text = 'fine'): HttpReply => ({ status: 200, headers: {}, body: Buffer.from(text) })
const echo = async (request: HttpRequest) => ok(`<${(await request.body.collect(10_000_000)).length}>`)

describe('a request', () => {
  it('arrives with its target as sent: no dot segment is resolved, no slash merged', async () => {
    const { listener } = await listen(async (request) => ok(`${request.path} ${request.query}`))
    const client = new Client(listener.port).send('GET /b/a/../x//y%2F?acl HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.contains('/b/a/../x//y%2F acl')
    expect(client.received).toContain('/b/a/../x//y%2F acl')
  })

  it('loses scheme and authority when a proxy sent the whole URL', async () => {
    const { listener } = await listen(async (request) => ok(`<${request.path}>`))
    const client = new Client(listener.port).send('GET http://h:1/b/../c HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.contains('</b/../c>')
    expect(client.received).toContain('</b/../c>')
  })

  it('names the bucket of its virtual host', async () => {
    const { listener } = await listen(async (request) => ok(`<${request.hostBucket}>`))
    const client = new Client(listener.port).send('GET / HTTP/1.1\r\nHost: my.bucket.s3.localhost:4566\r\n\r\n')
    await client.contains('<my.bucket>')
    expect(client.received).toContain('<my.bucket>')
  })

  it('gets its 100 Continue when the handler reads the body, and not before', async () => {
    const seen: string[] = []
    const { listener } = await listen(async (request) => {
      seen.push(`before: ${client.received}`)
      await request.body.collect(100)
      return ok()
    })
    const client = new Client(listener.port)
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
    await client.contains('100 Continue')
    client.send('body')
    await client.contains('200 OK')
    expect(seen).toEqual(['before: '])
    expect(client.received).toContain('200 OK')
  })

  it('that is refused without its body being asked for is answered and the connection closed', async () => {
    const { listener } = await listen(async () => ({ status: 403, headers: {}, body: undefined }))
    const client = new Client(listener.port)
    client.send('PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n')
    await client.until((one) => one.isClosed)
    expect(client.received).toMatch(/^HTTP\/1.1 403[\s\S]*connection: close/i)
    expect(client.received).not.toContain('100 Continue')
  })

  it('that is refused early is answered although its large body is still coming, and the connection lives on', async () => {
    const { listener } = await listen(async (request) =>
      request.method === 'PUT' ? { status: 403, headers: {}, body: undefined } : ok(),
    )
    const body = 'x'.repeat(3_000_000)
    const client = new Client(listener.port)
    client.send(`PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    client.send('GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.contains('200 OK')
    expect(client.received).toMatch(/403[\s\S]*200 OK/)
  })

  it('with too many headers is refused instead of losing some of them', async () => {
    const { listener } = await listen(async () => ok())
    const many = Array.from({ length: 250 }, (_, at) => `x-amz-meta-${at}: v\r\n`).join('')
    const client = new Client(listener.port).send(`GET / HTTP/1.1\r\nHost: h\r\n${many}\r\n`)
    await client.contains('RequestHeaderSectionTooLarge')
    expect(client.received).toMatch(/^HTTP\/1.1 400/)
  })

  it('with a head that is too large gets an error it can read', async () => {
    const { listener } = await listen(async () => ok())
    const client = new Client(listener.port).send(`GET / HTTP/1.1\r\nHost: h\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)
    await client.until((one) => one.isClosed)
    expect(client.received).toContain('<Code>RequestHeaderSectionTooLarge</Code>')
  })
})

describe('a body', () => {
  it.each([
    ['declared', 'Content-Length: 11\r\n\r\nhello world'],
    ['chunked', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'],
  ])('of %s length is collected', async (_, rest) => {
    const { listener } = await listen(echo)
    const client = new Client(listener.port).send(`PUT / HTTP/1.1\r\nHost: h\r\n${rest}`)
    await client.contains('<11>')
    expect(client.received).toContain('<11>')
  })

  it('is streamed with back-pressure: a reader that waits stops the sender', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    let total = 0
    const handle = async (request: HttpRequest) => {
      for await (const chunk of request.body) {
        if (total === 0) await gate
        total += chunk.length
      }
      return ok(`<${total}>`)
    }
    // Sender and reader share this thread, and a busy machine may keep them apart for longer than the other tests allow.
    const { listener } = await listen(handle, { idleTimeoutMs: 20_000, headersTimeoutMs: 20_000 })
    const size = 40_000_000
    const client = new Client(listener.port)
    client.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${size}\r\n\r\n`)
    for (let sent = 0; sent < size; sent += 1_000_000) client.socket.write('x'.repeat(1_000_000))
    // What the reader has not taken stays with the sender, beyond what the sockets hold.
    await delay(50)
    expect(client.socket.writableLength).toBeGreaterThan(10_000_000)
    release()
    await client.contains(`<${size}>`)
    expect(client.received).toContain(`<${size}>`)
  })

  it('that stops arriving ends with RequestTimeout for its reader, and others are served meanwhile', async () => {
    const failures: unknown[] = []
    const { listener } = await listen(async (request) => {
      if (request.method === 'GET') return ok()
      try {
        return await echo(request)
      } catch (error) {
        failures.push((error as { code?: string }).code)
        return { status: 400, headers: {}, body: Buffer.from('late') }
      }
    })
    const slow = new Client(listener.port).send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\npart')
    const other = new Client(listener.port).send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await other.contains('200 OK')
    await slow.until((one) => one.isClosed)
    expect(failures).toEqual(['RequestTimeout'])
    expect(slow.received).toMatch(/^HTTP\/1.1 400[\s\S]*late$/)
  })

  it('that never ends is read by its handler only as far as the handler allows', async () => {
    const { listener } = await listen(async (request) => {
      try {
        return await request.body.collect(100_000).then(() => ok())
      } catch {
        return { status: 413, headers: {}, body: undefined }
      }
    })
    const client = new Client(listener.port).send('PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const flood = () => {
      while (!client.isClosed && client.socket.write(piece));
      if (!client.isClosed) client.socket.once('drain', flood)
    }
    flood()
    await client.contains('413')
    expect(client.received).toContain('413')
    // Even what is thrown away has a bound.
    await client.until((one) => one.isClosed)
  })

  it('that breaks off fails its reader and aborts the call', async () => {
    let seen: (value: string) => void = () => {}
    const outcome = new Promise<string>((resolve) => (seen = resolve))
    const { listener, broken } = await listen(async (request) => {
      const { signal } = request
      await request.body.collect(1000).catch((error: Error) => seen(`${error.constructor.name} ${signal.aborted}`))
      return ok()
    })
    const client = new Client(listener.port).send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\npart')
    await new Promise((resolve) => client.socket.once('ready', resolve))
    client.socket.end()
    expect(await outcome).toBe('ClientGoneError true')
    expect(broken).toEqual([])
  })
})

describe('a client', () => {
  it('that never finishes its head is told so and cut off', async () => {
    const { listener } = await listen(async () => ok(), { idleTimeoutMs: 5000 })
    const client = new Client(listener.port).send('GET / HTTP/1.1\r\nHost: h\r\nx-slow: ')
    await client.until((one) => one.isClosed)
    expect(client.received).toContain('<Code>RequestTimeout</Code>')
  })

  it('that does not read its answer is cut off, and the file behind the answer is closed', async () => {
    let closed: () => void = () => {}
    const returned = new Promise<void>((resolve) => (closed = resolve))
    const { listener } = await listen(async () => ({
      status: 200,
      headers: {},
      body: (async function* () {
        try {
          for (;;) yield Buffer.alloc(1_000_000)
        } finally {
          closed()
        }
      })(),
    }))
    const client = new Client(listener.port)
    client.socket.pause()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await returned
  })

  it('whose function runs longer than any silence allows is not cut off', async () => {
    const { listener } = await listen(async () => {
      await delay(600)
      return ok('slow but fine')
    })
    const client = new Client(listener.port).send('POST / HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.contains('slow but fine')
    expect(client.received).toContain('slow but fine')
  })

  it('gets no whole answer from a body that broke off', async () => {
    const { listener, broken } = await listen(async () => ({
      status: 200,
      headers: {},
      body: (async function* () {
        yield Buffer.from('half')
        throw new Error('disk')
      })(),
    }))
    const client = new Client(listener.port).send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.until((one) => one.isClosed)
    expect(client.received).not.toMatch(/0\r\n\r\n$/)
    expect(broken).toHaveLength(1)
  })

  it('is one of 300 that keep their connections, and each is served again and again', async () => {
    const { listener } = await listen(echo)
    const clients = Array.from({ length: 300 }, () => new Client(listener.port))
    for (let round = 1; round <= 3; round++) {
      for (const client of clients) client.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc')
      await Promise.all(
        clients.map((client) => client.until((one) => one.isClosed || one.received.split('<3>').length === round + 1)),
      )
    }
    expect(clients.filter((client) => client.isClosed)).toEqual([])
  })

  it('in the middle of a request when the server stops still gets its answer', async () => {
    let release = () => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    let began: () => void = () => {}
    const started = new Promise<void>((resolve) => (began = resolve))
    const { listener } = await listen(async () => {
      began()
      await gate
      return ok('the last one')
    })
    const client = new Client(listener.port).send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await started
    const stopped = listener.stop(10_000)
    release()
    await stopped
    await client.until((one) => one.isClosed)
    expect(client.received).toMatch(/connection: close[\s\S]*the last one/i)
  })

  it('that stays silent does not hold up the stop beyond the grace', async () => {
    const { listener } = await listen(async (request) => echo(request))
    const client = new Client(listener.port).send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n')
    await new Promise((resolve) => client.socket.once('ready', resolve))
    await listener.stop(20)
    await client.until((one) => one.isClosed)
  })
})

describe('a socket handed in by another door', () => {
  it('is served as a client on this machine', async () => {
    const { listener } = await listen(async (request) => ok(`<${request.sourceIp} ${request.isSecure}>`))
    const door = createServer((socket) => listener.accept(socket))
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
    const client = new Client((door.address() as AddressInfo).port).send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.contains('<127.0.0.1 true>')
    expect(client.received).toContain('<127.0.0.1 true>')
    door.close()
  })
})

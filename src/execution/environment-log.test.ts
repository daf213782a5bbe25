import { describe, expect, it } from 'vitest'
import { ManualClock } from '../std/clock.ts'
import { EnvironmentLog, EVENT_BYTES_MAX, FrameReader, LineReader } from './environment-log.ts'

const frame = (text: string) => {
  const payload = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(payload.length)
  return Buffer.concat([length, payload])
}

describe('raw output', () => {
  it('is cut into lines wherever the chunks were cut', () => {
    const events: string[] = []
    const lines = new LineReader((event) => events.push(event))
    for (const byte of Buffer.from('one\nzwö\n\nthree')) lines.take(Buffer.of(byte))
    expect(events).toEqual(['one\n', 'zwö\n'])
    lines.end()
    expect(events).toEqual(['one\n', 'zwö\n', 'three\n'])
  })

  it('without line ends is cut into events of bounded length', () => {
    const events: string[] = []
    const lines = new LineReader((event) => events.push(event))
    for (let at = 0; at < 40; at++) lines.take(Buffer.alloc(64 * 1024, 'x'))
    expect(events.map((event) => event.length)).toEqual([EVENT_BYTES_MAX + 1, EVENT_BYTES_MAX + 1])
  })
})

describe('framed output', () => {
  it('is one event per frame, wherever the chunks were cut', () => {
    const events: string[] = []
    const frames = new FrameReader((event) => events.push(event))
    for (const byte of Buffer.concat([frame('one\ntwo'), frame('ü')])) frames.take(Buffer.of(byte))
    expect(events).toEqual(['one\ntwo\n', 'ü\n'])
  })

  it('that is no frame ends the channel, and says so', () => {
    const events: string[] = []
    const frames = new FrameReader((event) => events.push(event))
    frames.take(Buffer.from('plain text'))
    frames.take(frame('late'))
    expect(events).toEqual(['[the log channel was damaged by the function; its further log calls are lost]\n'])
  })
})

describe('the log of an environment', () => {
  it('writes in batches, a while after the first event', async () => {
    const clock = new ManualClock()
    const batches: string[][] = []
    const log = new EnvironmentLog({ write: (events) => batches.push(events.map(({ message }) => message)) }, clock)
    log.write('a\n')
    log.write('b\n')
    await clock.advance(99)
    expect(batches).toEqual([])
    await clock.advance(1)
    expect(batches).toEqual([['a\n', 'b\n']])
    log.write('c\n')
    log.flush()
    expect(batches).toEqual([['a\n', 'b\n'], ['c\n']])
  })

  it('keeps the tail of one invocation', () => {
    const log = new EnvironmentLog({ write: () => undefined }, new ManualClock())
    log.write('before\n')
    log.beginTail()
    for (let at = 0; at < 1000; at++) log.write(`line ${at}\n`)
    const tail = log.endTail().toString()
    expect(tail.length).toBe(4096)
    expect(tail.endsWith('line 998\nline 999\n')).toBe(true)
    log.write('after\n')
    log.beginTail()
    log.write('next\n')
    expect(log.endTail().toString()).toBe('next\n')
  })
})

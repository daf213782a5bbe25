/** Aborted by the first Ctrl-C; the second ends the process, as ever. */
export function onInterrupt(): AbortSignal {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  return stop.signal
}

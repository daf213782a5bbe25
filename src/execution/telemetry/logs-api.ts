/** Events as the Logs API, the predecessor of the Telemetry API, has them: none of the init phase, `platform.end`, less in the others. */
export function logsEventsOf(
  type: string,
  record: unknown,
): readonly { readonly type: string; readonly record: unknown }[] {
  if (!type.startsWith('platform.')) return [{ type, record }]
  const known = record as {
    readonly requestId?: string
    readonly version?: string
    readonly status?: string
    readonly metrics?: object
  }
  const { requestId } = known
  switch (type) {
    case 'platform.start':
      return [{ type, record: { requestId, version: known.version } }]
    case 'platform.runtimeDone':
      return [{ type, record: { requestId, status: known.status } }]
    case 'platform.report':
      return [
        { type: 'platform.end', record: { requestId } },
        { type, record: { requestId, metrics: known.metrics } },
      ]
    case 'platform.logsSubscription':
    case 'platform.extension':
      return [{ type, record }]
    default:
      return []
  }
}

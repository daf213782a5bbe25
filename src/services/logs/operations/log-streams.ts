import { randomHex } from '../../../std/ids.ts'
import { encodeKey, stringPrefixRange } from '../../../store/keys.ts'
import { transact } from '../../../store/transaction.ts'
import { groupGrant, streamArn, streamGrant } from '../access.ts'
import { invalidParameter, streamAlreadyExists } from '../errors.ts'
import { groupKey, groupNameOf, nameInArn, requireGroup, requireStream } from '../groups.ts'
import type { LogsOperation } from '../model.ts'
import type { NamedStream } from '../merged-reader.ts'
import { readToken, writeToken } from '../page-token.ts'
import type { Logs } from '../service.ts'
import { type StreamRow, streams, trash } from '../tables.ts'

const PAGE_DEFAULT = 50

export const CreateLogStream: LogsOperation<'CreateLogStream'> = {
  authorize: (call) => streamGrant(call, 'logs:CreateLogStream', call.input.logGroupName, call.input.logStreamName),
  async handle(call, logs) {
    const { logGroupName, logStreamName } = call.input
    const row: StreamRow = {
      id: randomHex(8),
      createdMs: call.nowMs,
      firstEventMs: null,
      lastEventMs: null,
      lastIngestionMs: null,
      nextSeq: 0,
      storedBytes: 0,
    }
    await transact(logs.store, async (tx) => {
      const group = await requireGroup(tx, groupKey(call, logGroupName))
      if ((await streams.get(tx, [group.id, logStreamName])) !== undefined) throw streamAlreadyExists()
      streams.put(tx, [group.id, logStreamName], row)
    })
    return {}
  },
}

export const DeleteLogStream: LogsOperation<'DeleteLogStream'> = {
  authorize: (call) => streamGrant(call, 'logs:DeleteLogStream', call.input.logGroupName, call.input.logStreamName),
  async handle(call, logs) {
    const { logGroupName, logStreamName } = call.input
    await transact(logs.store, async (tx) => {
      const group = await requireGroup(tx, groupKey(call, logGroupName))
      const row = await requireStream(tx, group, logStreamName)
      streams.delete(tx, [group.id, logStreamName])
      trash.put(tx, ['stream', row.id], null)
      tx.afterCommit(() => logs.wakeSweeper())
    })
    return {}
  },
}

export const DescribeLogStreams: LogsOperation<'DescribeLogStreams'> = {
  authorize(call) {
    const { logGroupName, logGroupIdentifier } = call.input
    return groupGrant(
      call,
      'logs:DescribeLogStreams',
      logGroupName ?? (logGroupIdentifier && nameInArn(logGroupIdentifier)),
    )
  },
  async handle(call, logs) {
    const {
      logStreamNamePrefix,
      orderBy = 'LogStreamName',
      descending = false,
      limit = PAGE_DEFAULT,
      nextToken,
    } = call.input
    if (orderBy === 'LastEventTime' && logStreamNamePrefix !== undefined) {
      throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.')
    }
    const groupName = groupNameOf(call.input)
    const group = await requireGroup(logs.store, groupKey(call, groupName))
    const after = nextToken === undefined ? undefined : readToken(nextToken)
    const found =
      orderBy === 'LastEventTime'
        ? await byLastEvent(logs, group.id, descending, after)
        : await byName(logs, group.id, { prefix: logStreamNamePrefix ?? '', descending, after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      logStreams: page.map(({ name, row }) => ({
        logStreamName: name,
        creationTime: row.createdMs,
        ...(row.firstEventMs !== null && { firstEventTimestamp: row.firstEventMs }),
        ...(row.lastEventMs !== null && { lastEventTimestamp: row.lastEventMs }),
        ...(row.lastIngestionMs !== null && { lastIngestionTime: row.lastIngestionMs }),
        uploadSequenceToken: String(row.nextSeq).padStart(56, '0'),
        arn: streamArn(call, groupName, name),
        // AWS says 0 for every stream since 2019; the group has the sum.
        storedBytes: 0,
      })),
      ...(found.length > limit &&
        last !== undefined && { nextToken: writeToken([last.name, last.row.lastEventMs ?? 0]) }),
    }
  },
}

/** Streams of a group whose names begin with `prefix`, from memory-sized reads. */
export async function listStreams(logs: Logs, groupId: string, prefix: string): Promise<NamedStream[]> {
  const found: NamedStream[] = []
  let { gte, lt } = stringPrefixRange([streams.name, groupId], prefix)
  for (;;) {
    const entries = await logs.store.list({ gte, lt, limit: 1000 })
    for (const entry of entries) {
      const { key, value } = streams.decode(entry)
      found.push({ name: key[1], row: value })
    }
    const last = entries.at(-1)
    if (last === undefined || entries.length < 1000) return found
    gte = Buffer.concat([last.key, Buffer.of(0)])
  }
}

async function byName(
  logs: Logs,
  groupId: string,
  asked: { prefix: string; descending: boolean; after: readonly (string | number)[] | undefined; limit: number },
): Promise<NamedStream[]> {
  let { gte, lt } = stringPrefixRange([streams.name, groupId], asked.prefix)
  if (asked.after !== undefined) {
    const key = encodeKey([streams.name, groupId, String(asked.after[0])])
    if (asked.descending) lt = key
    else gte = Buffer.concat([key, Buffer.of(0)])
  }
  const entries = await logs.store.list({ gte, lt, limit: asked.limit, reverse: asked.descending })
  return entries.map((entry) => {
    const { key, value } = streams.decode(entry)
    return { name: key[1], row: value }
  })
}

/** The latest is asked for again and again and not kept in order: all streams are read and sorted. */
async function byLastEvent(
  logs: Logs,
  groupId: string,
  descending: boolean,
  after: readonly (string | number)[] | undefined,
): Promise<NamedStream[]> {
  const sign = descending ? -1 : 1
  const compare = (aMs: number, aName: string, bMs: number, bName: string) =>
    sign * (aMs - bMs || (aName < bName ? -1 : aName > bName ? 1 : 0))
  const all = (await listStreams(logs, groupId, '')).sort((a, b) =>
    compare(a.row.lastEventMs ?? 0, a.name, b.row.lastEventMs ?? 0, b.name),
  )
  if (after === undefined) return all
  const [name, lastMs] = after
  return all.filter((stream) => compare(stream.row.lastEventMs ?? 0, stream.name, Number(lastMs), String(name)) > 0)
}

/**
 * The writer's thread: the only one that writes. It takes whatever has queued up, commits it as one transaction, and
 * answers; the next batch gathers meanwhile.
 */
import type { DatabaseSync } from 'node:sqlite'
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { removeBlobs, removeOrphans } from '../blobs.ts'
import { openWriter } from '../connection.ts'
import { StoreTooNew } from '../errors.ts'
import { roomOn } from '../room.ts'
import { one } from '../rows.ts'
import { migrate } from '../schema/migrate.ts'
import { writes } from '../writes/writes.ts'
import { checkpoints } from './checkpoints.ts'
import { groupCommit } from './group-commit.ts'
import type { FromWriter, Reply, Request, ToWriter, WriterOptions } from './protocol.ts'
import { purger } from './purger.ts'

/** Writes of one transaction: bounds how long the first of them waits for the last. */
const batchLimit = 256

const options = workerData as WriterOptions
const port: MessagePort = parentPort!
const now = () => performance.now()
const tell = (message: FromWriter): void => port.postMessage(message)

const prepare = (): DatabaseSync => {
  const db = openWriter(options.database)
  migrate(db)
  const known = db.prepare('SELECT 1 FROM contents WHERE file = ?')
  removeOrphans(options.blobs, (file) => one(known, file) !== undefined)
  return db
}

/** Takes what has queued up behind `first`; `closing` when the end was among it. */
const gather = (first: Request[]): { requests: Request[]; closing: boolean } => {
  const requests = first
  while (requests.length < batchLimit) {
    const next = receiveMessageOnPort(port)?.message as ToWriter | undefined
    if (next === undefined || next === 'close') return { requests, closing: next === 'close' }
    requests.push(...next)
  }
  return { requests, closing: false }
}

const detaches = (reply: Reply): boolean => reply.ok && reply.changes.some(({ kind }) => kind === 'gone')

const serve = (db: DatabaseSync): void => {
  const commit = groupCommit(db, writes(db, options.limits, roomOn(options.blobs, options.reserve, now)))
  const checkpoint = checkpoints(db, now)

  const run = (requests: readonly Request[]): Reply[] => {
    const { replies, files } = commit(requests)
    removeBlobs(options.blobs, files)
    return replies
  }

  const purge = purger(() => {
    const [reply] = run([{ id: 0, name: 'purge', arguments: null }])
    checkpoint.committed()
    return reply?.ok ? (reply.value as boolean) : null
  })

  const close = (): void => {
    purge.stop()
    checkpoint.stop()
    db.close()
    port.close()
  }

  port.on('message', (message: ToWriter) => {
    if (message === 'close') return close()
    const { requests, closing } = gather(message)
    const replies = run(requests)
    tell(replies)
    if (closing) return close()
    checkpoint.committed()
    if (replies.some(detaches)) purge.wake()
  })
  purge.wake()
}

try {
  serve(prepare())
  tell({ ready: true })
} catch (error) {
  tell({ failed: (error as Error).message, ...(error instanceof StoreTooNew ? error.versions : {}) })
  port.close()
}

/**
 * The writer's thread: the only one that writes. It takes whatever has queued up, commits it as one transaction, and
 * answers; the next batch gathers meanwhile.
 */
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
import type { FromWriter, Request, ToWriter, WriterOptions } from './protocol.ts'

/** Writes of one transaction: bounds how long the first of them waits for the last. */
const batchLimit = 256

/** Until a purge that failed, as on a full disk, is tried again. */
const purgeRetryMs = 10_000

const options = workerData as WriterOptions
const port: MessagePort = parentPort!
const now = () => performance.now()
const tell = (message: FromWriter): void => port.postMessage(message)

const serve = (): void => {
  const db = openWriter(options.database)
  migrate(db)
  const room = roomOn(options.blobs, options.reserve, now)
  const known = db.prepare('SELECT 1 FROM contents WHERE file = ?')
  removeOrphans(options.blobs, (file) => one(known, file) !== undefined)
  const commit = groupCommit(db, writes(db, options.limits, room))
  const checkpoint = checkpoints(db, now)
  let purging: NodeJS.Immediate | NodeJS.Timeout | undefined

  const run = (requests: readonly Request[]) => {
    const { replies, files } = commit(requests)
    removeBlobs(options.blobs, files)
    return replies
  }

  // Runs between batches until nothing detached is left, also after a restart.
  const purge = (): void => {
    const [reply] = run([{ id: 0, name: 'purge', arguments: null }])
    checkpoint.committed()
    if (!reply?.ok) purging = setTimeout(purge, purgeRetryMs)
    else purging = reply.value ? setImmediate(purge) : undefined
  }

  const close = (): void => {
    clearImmediate(purging as NodeJS.Immediate)
    clearTimeout(purging as NodeJS.Timeout)
    checkpoint.stop()
    db.close()
    port.close()
  }

  /** Takes what has queued up behind `first`. The last element says whether to close afterwards. */
  const gather = (first: Request[]): { requests: Request[]; closing: boolean } => {
    const requests = first
    while (requests.length < batchLimit) {
      const next = receiveMessageOnPort(port)?.message as ToWriter | undefined
      if (next === undefined) return { requests, closing: false }
      if (next === 'close') return { requests, closing: true }
      requests.push(...next)
    }
    return { requests, closing: false }
  }

  port.on('message', (message: ToWriter) => {
    if (message === 'close') return close()
    const { requests, closing } = gather(message)
    const replies = run(requests)
    tell(replies)
    if (closing) return close()
    checkpoint.committed()
    const detaching = replies.some((reply) => reply.ok && reply.changes.some(({ kind }) => kind === 'gone'))
    if (detaching) purging ??= setImmediate(purge)
  })
  purging = setImmediate(purge)
  tell({ ready: true })
}

try {
  serve()
} catch (error) {
  tell({ failed: (error as Error).message, ...(error instanceof StoreTooNew ? error.versions : {}) })
  port.close()
}

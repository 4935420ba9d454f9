/**
 * When the WAL is written back into the database. A checkpoint of a few hundred pages takes a few milliseconds in which
 * no write is answered, so it runs when the queue is empty; under load that never pauses, the WAL's size forces one.
 * Now and then the WAL is cut to nothing, because what was deleted stays readable in it until then.
 */
import type { DatabaseSync } from 'node:sqlite'
import { busyTimeoutMs } from '../connection.ts'
import { one } from '../rows.ts'

/** Pages of 4 KiB in the WAL from which a pause is used, and from which none is waited for. */
const wantedPages = 1000
const forcedPages = 4000
/** Milliseconds without a write after which the WAL is cut, and between cuts under steady load. */
const idleMs = 2000
const steadyMs = 60_000

export type Checkpoints = {
  /** After a commit; `pause` says that nothing waits. */
  committed: (pause: boolean) => void
  stop: () => void
}

/** `now` in milliseconds, monotonic. */
export const checkpoints = (db: DatabaseSync, now: () => number): Checkpoints => {
  const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  const truncate = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  const noop = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  let cutAt = now()
  let timer: NodeJS.Timeout | undefined

  /** Waits for no reader: a tool that reads the database for long must not hold up the mail. */
  const cut = (): boolean => {
    db.exec('PRAGMA busy_timeout = 0')
    try {
      const done = one<{ busy: number }>(truncate)!.busy === 0
      if (done) cutAt = now()
      return done
    } finally {
      db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
    }
  }

  /** A disk that is full fails a checkpoint as it fails a write; the WAL keeps everything until there is room. */
  const attempt = (work: () => boolean): boolean => {
    try {
      return work()
    } catch {
      return false
    }
  }

  const write = (): boolean => {
    if (now() - cutAt >= steadyMs) return cut()
    one(passive)
    return true
  }

  const idle = (): void => {
    timer = attempt(cut) ? undefined : setTimeout(idle, idleMs)
  }

  return {
    committed: (pause) => {
      const pages = one<{ log: number }>(noop)!.log
      if (pages >= forcedPages || (pause && pages >= wantedPages)) attempt(write)
      if (timer) timer.refresh()
      else timer = setTimeout(idle, idleMs)
    },
    stop: () => {
      clearTimeout(timer)
      attempt(cut)
    },
  }
}

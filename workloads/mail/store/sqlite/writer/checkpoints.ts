/**
 * When the WAL is written back into the database. That takes milliseconds in which no write is answered, so it waits
 * for a pause; under load without a pause, the WAL's size forces it. A small WAL is written over and over in place, which
 * costs less at each fsync than one that grows. Now and then the WAL is cut to
 * nothing, because what was deleted stays readable in it until then.
 */
import type { DatabaseSync } from 'node:sqlite'
import { busyTimeoutMs } from '../connection.ts'
import { one } from '../rows.ts'

/** Pages of 4 KiB from which a pause is used, and from which none is waited for. */
const wantedPages = 250
const forcedPages = 1000
/** Milliseconds without a commit that are a pause, and those after which the WAL is cut. */
const pauseMs = 20
const idleMs = 2000
/** Milliseconds between cuts under load without an end. */
const steadyMs = 60_000

export type Checkpoints = {
  /** To be called after each commit. */
  committed: () => void
  stop: () => void
}

/** `now` in milliseconds, monotonic. */
export const checkpoints = (db: DatabaseSync, now: () => number): Checkpoints => {
  const passive = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  const truncate = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)')
  const noop = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  let cutAt = now()
  let pause: NodeJS.Timeout | undefined
  let idle: NodeJS.Timeout | undefined

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

  const pages = (): number => {
    const { log, checkpointed } = one<{ log: number; checkpointed: number }>(noop)!
    return log - checkpointed
  }

  const onIdle = (): void => {
    idle = attempt(cut) ? undefined : setTimeout(onIdle, idleMs)
  }

  const onPause = (): void => {
    pause = undefined
    if (pages() >= wantedPages) attempt(write)
    clearTimeout(idle)
    idle = setTimeout(onIdle, idleMs)
  }

  return {
    committed: () => {
      if (pages() >= forcedPages) attempt(write)
      if (pause) pause.refresh()
      else pause = setTimeout(onPause, pauseMs)
    },
    stop: () => {
      clearTimeout(pause)
      clearTimeout(idle)
      attempt(cut)
    },
  }
}

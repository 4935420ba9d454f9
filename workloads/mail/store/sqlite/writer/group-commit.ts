/**
 * Group commit: many writes share one transaction and so one fsync. Each has a savepoint of its own, so that one that
 * fails takes back only itself; nobody is answered before the commit.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Effects } from '../writes/effects.ts'
import type { Writes } from '../writes/writes.ts'
import type { Reply, Request } from './protocol.ts'

type AnyWrite = (args: unknown, effects: Effects) => unknown

const failure = (id: number, error: unknown): Reply => {
  const { name, message } = error as Error
  return { id, ok: false, name, message }
}

export type Committed = { replies: Reply[]; files: string[] }

export const groupCommit = (db: DatabaseSync, writes: Writes) => {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const savepoint = db.prepare('SAVEPOINT one')
  const release = db.prepare('RELEASE one')
  const takeBack = db.prepare('ROLLBACK TO one')

  const perform = ({ id, name, arguments: args }: Request, files: string[]): Reply => {
    const effects: Effects = { changes: [], files: [] }
    savepoint.run()
    try {
      const value = (writes[name] as AnyWrite)(args, effects)
      release.run()
      files.push(...effects.files)
      return { id, ok: true, value, changes: effects.changes }
    } catch (error) {
      // A full disk or a failing one ends the whole transaction; then nothing of the batch has happened.
      if (!db.isTransaction) throw error
      takeBack.run()
      release.run()
      return failure(id, error)
    }
  }

  return (requests: readonly Request[]): Committed => {
    const files: string[] = []
    try {
      begin.run()
      const replies = requests.map((request) => perform(request, files))
      commit.run()
      return { replies, files }
    } catch (error) {
      if (db.isTransaction) rollback.run()
      return { replies: requests.map(({ id }) => failure(id, error)), files: [] }
    }
  }
}

/** Brings a database to the newest format, one transaction per step. */
import type { DatabaseSync } from 'node:sqlite'
import { StoreTooNew } from '../errors.ts'
import { one } from '../rows.ts'
import { migrations } from './migrations.ts'

const format = (db: DatabaseSync): number =>
  one<{ user_version: number }>(db.prepare('PRAGMA user_version'))!.user_version

const step = (db: DatabaseSync, sql: string, version: number): void => {
  db.exec('BEGIN IMMEDIATE')
  try {
    db.exec(`${sql}; PRAGMA user_version = ${version}; COMMIT`)
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/** @throws StoreTooNew; the database is then untouched. */
export const migrate = (db: DatabaseSync, steps: readonly string[] = migrations): void => {
  const found = format(db)
  if (found > steps.length) throw new StoreTooNew(found, steps.length)
  steps.slice(found).forEach((sql, index) => {
    step(db, sql, found + index + 1)
  })
}

/** Brings a database to the newest format, one transaction per step. */
import type { DatabaseSync } from 'node:sqlite'
import { StoreTooNew } from '../errors.ts'
import { one } from '../rows.ts'
import { migrations } from './migrations.ts'

const format = (db: DatabaseSync): number =>
  one<{ user_version: number }>(db.prepare('PRAGMA user_version'))!.user_version

/** @throws StoreTooNew; the database is then untouched. */
export const migrate = (db: DatabaseSync, steps: readonly string[] = migrations): void => {
  const found = format(db)
  if (found > steps.length) throw new StoreTooNew(found, steps.length)
  for (let version = found; version < steps.length; version++)
    db.exec(`BEGIN IMMEDIATE; ${steps[version]}; PRAGMA user_version = ${version + 1}; COMMIT;`)
}

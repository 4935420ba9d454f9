import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { StoreTooNew } from '../errors.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations.ts'

const formatOf = (db: DatabaseSync) => db.prepare('PRAGMA user_version').get()!.user_version
const tables = (db: DatabaseSync) =>
  (db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all() as { name: string }[]).map(
    ({ name }) => name,
  )

test('a new database gets every format, and running again changes nothing', () => {
  const db = new DatabaseSync(':memory:')
  migrate(db)
  const key = db.prepare('SELECT value FROM meta').get()
  migrate(db)
  assert.equal(formatOf(db), migrations.length)
  assert.deepEqual(db.prepare('SELECT value FROM meta').get(), key)
})

test('an older database gets the steps it lacks, once each', () => {
  const db = new DatabaseSync(':memory:')
  migrate(db, ['CREATE TABLE a (x)'])
  migrate(db, ['CREATE TABLE a (x)', 'CREATE TABLE b (x)', 'CREATE TABLE c (x)'])
  assert.deepEqual(tables(db), ['a', 'b', 'c'])
})

test('a failing step leaves the format before it', () => {
  const db = new DatabaseSync(':memory:')
  assert.throws(() => migrate(db, ['CREATE TABLE a (x)', 'CREATE TABLE b (x); CREATE TABLE a (x)']))
  assert.equal(db.isTransaction, false)
  assert.equal(formatOf(db), 1)
  assert.deepEqual(tables(db), ['a'])
})

test('a newer database is refused and left alone', () => {
  const db = new DatabaseSync(':memory:')
  db.exec('PRAGMA user_version = 99')
  assert.throws(() => migrate(db), new StoreTooNew(99, migrations.length))
  assert.deepEqual(tables(db), [])
})

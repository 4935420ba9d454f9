import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { migrate } from '../schema/migrate.ts'
import { writes } from '../writes/writes.ts'
import { groupCommit } from './group-commit.ts'
import type { Request } from './protocol.ts'

const open = () => {
  const db = new DatabaseSync(':memory:')
  migrate(db)
  return {
    db,
    commit: groupCommit(
      db,
      writes(db, { quota: 1000, messages: 10 }, () => {}),
    ),
  }
}
const create = (id: number, address: string): Request => ({
  id,
  name: 'createAccount',
  arguments: { address, verifier: 'v', day: 1, now: 0 },
})
const missing: Request = { id: 9, name: 'removeMailbox', arguments: { accountId: 77, name: 'x' } }
const accounts = (db: DatabaseSync) => db.prepare('SELECT count(*) AS n FROM accounts').get()!.n

test('one that fails takes back itself alone', () => {
  const { db, commit } = open()
  const { replies } = commit([create(1, 'a@b'), missing, create(2, 'c@b')])
  assert.deepEqual(
    replies.map(({ id, ok }) => [id, ok]),
    [
      [1, true],
      [9, false],
      [2, true],
    ],
  )
  assert.equal(accounts(db), 2)
})

test('when the transaction cannot be committed, nobody is told that it was', () => {
  const { db, commit } = open()
  db.exec(`CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (p REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER spoil AFTER INSERT ON accounts WHEN new.address = 'bad@b' BEGIN INSERT INTO child VALUES (1); END`)
  const { replies } = commit([create(1, 'a@b'), create(2, 'bad@b')])
  assert.deepEqual(
    replies.map(({ ok }) => ok),
    [false, false],
  )
  assert.equal(accounts(db), 0)
  assert.equal(commit([create(3, 'a@b')]).replies[0]!.ok, true)
})

test('when the transaction ends in the middle, as on a full disk, nobody is told that it was done', () => {
  const { db, commit } = open()
  db.exec(`CREATE TRIGGER spoil AFTER INSERT ON accounts WHEN new.address = 'bad@b'
    BEGIN SELECT raise(ROLLBACK, 'full'); END`)
  const { replies } = commit([create(1, 'a@b'), create(2, 'bad@b'), create(3, 'c@b')])
  assert.deepEqual(
    replies.map(({ ok }) => ok),
    [false, false, false],
  )
  assert.equal(accounts(db), 0)
})

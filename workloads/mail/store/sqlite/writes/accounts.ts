/** Accounts and their device tokens. */
import { createHmac } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Account } from '../../store.ts'
import type { Room } from '../room.ts'
import { one } from '../rows.ts'
import type { Effects } from './effects.ts'

export const accountColumns = 'id, address, verifier, created_day AS createdDay, last_login_day AS lastLoginDay'

/** Octets that an empty account takes, roughly. */
const accountSize = 1024

/** Devices of one account that may be told of new mail; the one not seen for longest goes. */
const tokenLimit = 32

type Tombstone = { uidValidity: number; uidNext: number; modseq: number; lastUidValidity: number }

const tombstoneSql = `DELETE FROM tombstones WHERE address_mac = ?
  RETURNING uid_validity AS uidValidity, uid_next AS uidNext, modseq, last_uid_validity AS lastUidValidity`

const burySql = `INSERT OR REPLACE INTO tombstones
  SELECT ?, m.uid_validity, m.uid_next, m.modseq, a.last_uid_validity FROM accounts a
  JOIN mailboxes m ON m.account_id = a.id AND m.name = 'INBOX' WHERE a.id = ?`

const trimTokensSql = `DELETE FROM device_tokens WHERE account_id = ?1 AND token NOT IN
  (SELECT token FROM device_tokens WHERE account_id = ?1 ORDER BY day DESC, token LIMIT ${tokenLimit})`

export type AccountWrites = ReturnType<typeof accountWrites>

export const accountWrites = (db: DatabaseSync, room: Room) => {
  const key = one<{ value: Uint8Array }>(db.prepare(`SELECT value FROM meta WHERE key = 'tombstone-key'`))!.value
  const find = db.prepare(`SELECT ${accountColumns} FROM accounts WHERE address = ?`)
  const address = db.prepare('SELECT address FROM accounts WHERE id = ?')
  const insert = db.prepare(
    `INSERT INTO accounts (address, verifier, created_day, last_login_day, last_uid_validity) VALUES (?, ?, ?, ?, ?)`,
  )
  const insertInbox = db.prepare(
    `INSERT INTO mailboxes (account_id, name, uid_validity, uid_next, modseq) VALUES (?, 'INBOX', ?, ?, ?)`,
  )
  const unbury = db.prepare(tombstoneSql)
  const bury = db.prepare(burySql)
  const drop = db.prepare('DELETE FROM accounts WHERE id = ?')
  const detachMailboxes = db.prepare('UPDATE mailboxes SET account_id = NULL WHERE account_id = ? RETURNING id')
  const touch = db.prepare('UPDATE accounts SET last_login_day = ?1 WHERE id = ?2 AND last_login_day < ?1')
  const addToken = db.prepare(
    `INSERT INTO device_tokens SELECT id, ?2, ?3 FROM accounts WHERE id = ?1
     ON CONFLICT (account_id, token) DO UPDATE SET day = max(day, excluded.day)`,
  )
  const dropToken = db.prepare('DELETE FROM device_tokens WHERE account_id = ? AND token = ?')
  const dropTokens = db.prepare('DELETE FROM device_tokens WHERE account_id = ?')
  const trimTokens = db.prepare(trimTokensSql)

  const mac = (name: string): Buffer => createHmac('sha256', key).update(name).digest().subarray(0, 16)

  const create = (name: string, verifier: string, day: number, now: number): void => {
    room(accountSize)
    const grave = one<Tombstone>(unbury, mac(name))
    const last = Math.max(grave?.lastUidValidity ?? 0, Math.floor(now / 1000))
    const id = Number(insert.run(name, verifier, day, day, last).lastInsertRowid)
    insertInbox.run(id, grave?.uidValidity ?? last, grave?.uidNext ?? 1, (grave?.modseq ?? 0) + 1)
  }

  return {
    createAccount: (
      { address: name, verifier, day, now }: { address: string; verifier: string; day: number; now: number },
      _: Effects,
    ): { account: Account; created: boolean } => {
      const existing = one<Account>(find, name)
      if (existing) return { account: existing, created: false }
      create(name, verifier, day, now)
      return { account: one<Account>(find, name)!, created: true }
    },

    touchAccount: ({ id, day }: { id: number; day: number }, _: Effects): void => void touch.run(day, id),

    removeAccount: ({ id }: { id: number }, effects: Effects): void => {
      const found = one<{ address: string }>(address, id)
      if (!found) return
      bury.run(mac(found.address), id)
      drop.run(id)
      dropTokens.run(id)
      for (const { id: mailboxId } of detachMailboxes.all(id) as { id: number }[])
        effects.changes.push({ mailboxId, kind: 'gone' })
    },

    addToken: ({ accountId, token, day }: { accountId: number; token: string; day: number }, _: Effects): void => {
      addToken.run(accountId, token, day)
      trimTokens.run(accountId)
    },

    removeToken: ({ accountId, token }: { accountId: number; token: string }, _: Effects): void =>
      void dropToken.run(accountId, token),
  }
}

/**
 * coturn's database, in the schema that coturn's own schema.sql gives it. coturn asks it for the secrets at each Allocate and
 * for the peers every few seconds, so that both change while calls go on; its configuration file is read once.
 */
import { closeSync, openSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { PeerRanges } from './peers.ts'

const schema = `
CREATE TABLE turnusers_lt (realm varchar(127) default '', name varchar(512), hmackey char(128), PRIMARY KEY (realm, name));
CREATE TABLE turn_secret (realm varchar(127) default '', value varchar(256), PRIMARY KEY (realm, value));
CREATE TABLE allowed_peer_ip (realm varchar(127) default '', ip_range varchar(256), PRIMARY KEY (realm, ip_range));
CREATE TABLE denied_peer_ip (realm varchar(127) default '', ip_range varchar(256), PRIMARY KEY (realm, ip_range));
CREATE TABLE turn_origin_to_realm (origin varchar(127), realm varchar(127), PRIMARY KEY (origin));
CREATE TABLE turn_realm_option (realm varchar(127) default '', opt varchar(32), value varchar(128), PRIMARY KEY (realm, opt));
CREATE TABLE oauth_key (kid varchar(128), ikm_key varchar(256), timestamp bigint default 0, lifetime integer default 0,
  as_rs_alg varchar(64) default '', realm varchar(127), PRIMARY KEY (kid));
CREATE TABLE admin_user (name varchar(32), realm varchar(127), password varchar(127), PRIMARY KEY (name));`

/** Rows of every realm. */
const anyRealm = ''

export class CoturnDatabase {
  readonly #database: DatabaseSync

  /** A new one at `path`, which this process's user alone may read; one that is there is removed. */
  constructor(path: string) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
    // SQLite gives its further files the rights of the first.
    closeSync(openSync(path, 'wx', 0o600))
    this.#database = new DatabaseSync(path)
    // Who reads then never waits for who writes: coturn would answer 401 to what it cannot read at once.
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA secure_delete = ON; ${schema}`)
  }

  /** Credentials hold from the next Allocate on that were made with one of these, and no others. */
  setSecrets(realm: string, secrets: readonly string[]): void {
    this.#replace('turn_secret', 'value', realm, secrets)
  }

  /** coturn looks after some seconds. */
  setPeers({ allow, deny }: PeerRanges): void {
    this.#replace('allowed_peer_ip', 'ip_range', anyRealm, allow)
    this.#replace('denied_peer_ip', 'ip_range', anyRealm, deny)
  }

  close(): void {
    this.#database.close()
  }

  #replace(table: string, column: string, realm: string, values: readonly string[]): void {
    this.#database.exec(`BEGIN IMMEDIATE; DELETE FROM ${table}`)
    try {
      const insert = this.#database.prepare(`INSERT INTO ${table} (realm, ${column}) VALUES (?, ?)`)
      for (const value of values) insert.run(realm, value)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

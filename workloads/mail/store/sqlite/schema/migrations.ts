/**
 * The database's formats, in order: entry n turns format n into n + 1 (`PRAGMA user_version`). An entry that has been
 * released is never edited.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

  -- AUTOINCREMENT: a session may outlive its account, so an id never comes to mean another one.
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL UNIQUE,
    verifier TEXT NOT NULL,
    created_day INTEGER NOT NULL,
    last_login_day INTEGER NOT NULL,
    last_uid_validity INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX accounts_last_login ON accounts (last_login_day);

  -- What a removed account's INBOX must continue from if the name comes back; the name only as keyed hash.
  CREATE TABLE tombstones (
    address_mac BLOB PRIMARY KEY,
    uid_validity INTEGER NOT NULL,
    uid_next INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    last_uid_validity INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- account_id NULL: the mailbox is gone and its messages wait to be purged.
  CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER,
    name TEXT NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid_next INTEGER NOT NULL DEFAULT 1,
    modseq INTEGER NOT NULL DEFAULT 1,
    subscribed INTEGER NOT NULL DEFAULT 1,
    special_use TEXT,
    messages INTEGER NOT NULL DEFAULT 0,
    unseen INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account_id, name)
  ) STRICT;

  -- data: the whole content, or, where file names a blob, its header (NULL when that is large too).
  CREATE TABLE contents (
    id INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    size INTEGER NOT NULL,
    head_size INTEGER NOT NULL,
    data BLOB,
    file TEXT
  ) STRICT;
  CREATE INDEX contents_files ON contents (file) WHERE file IS NOT NULL;

  -- flags: bits of the system flags; keywords: the others, a space between.
  CREATE TABLE messages (
    mailbox_id INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    content_id INTEGER NOT NULL,
    size INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    keywords TEXT NOT NULL,
    PRIMARY KEY (mailbox_id, uid)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX messages_received ON messages (received_at);
  CREATE INDEX messages_large ON messages (received_at) WHERE size > 65536;

  CREATE TABLE device_tokens (
    account_id INTEGER NOT NULL,
    token TEXT NOT NULL,
    day INTEGER NOT NULL,
    PRIMARY KEY (account_id, token)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX device_tokens_day ON device_tokens (day);

  INSERT INTO meta VALUES ('tombstone-key', randomblob(32));
  `,
]

/** The store's interface on SQLite: writes go to the writer's thread, reads are answered here at once. */
import type { DatabaseSync } from 'node:sqlite'
import type {
  AccountStore,
  Change,
  DeviceTokenStore,
  MailboxStore,
  MailStore,
  MessageStore,
  NewMessage,
  RetentionPolicy,
} from '../store.ts'
import type { Blobs } from './blobs.ts'
import { headerLength, inlineLimit, type StoredMessage } from './content.ts'
import { encodeFlags } from './flags.ts'
import { LastLogins } from './last-logins.ts'
import { directoryReads } from './reads/directory.ts'
import { messageReads } from './reads/messages.ts'
import type { Watchers } from './watchers.ts'
import type { Writer } from './writer/writer.ts'

export type Parts = {
  writer: Writer
  watchers: Watchers
  reader: DatabaseSync
  blobs: Blobs
  quota: number
  /** Unix milliseconds. */
  now: () => number
  unlock: () => void
}

/** Refused by its own rules, not by a failing disk: nothing of the write is or will be in the database. */
const refused = new Set(['QuotaExceeded', 'MailboxMissing', 'StoreFull'])

/** Large content goes to its file first, so that the row never refers to what is not there. */
const storedMessage = async (blobs: Blobs, { content, flags, receivedAt }: NewMessage): Promise<StoredMessage> => {
  const headSize = headerLength(content)
  const base = { size: content.length, headSize, receivedAt, ...encodeFlags(flags) }
  if (content.length <= inlineLimit) return { ...base, data: content, file: null }
  const data = headSize <= inlineLimit ? content.subarray(0, headSize) : null
  return { ...base, data, file: await blobs.write(content) }
}

const accountStore = ({ writer, now }: Parts, reads: ReturnType<typeof directoryReads>, logins: LastLogins) =>
  ({
    find: async (address) => reads.account(address),
    create: (address, verifier, day) => writer.run('createAccount', { address, verifier, day, now: now() }),
    touch: async (id, day) => logins.note(id, day),
    remove: (id) => writer.run('removeAccount', { id }),
  }) satisfies AccountStore

const mailboxStore = (
  { writer, now }: Parts,
  reads: ReturnType<typeof directoryReads>,
  messages: ReturnType<typeof messageReads>,
) =>
  ({
    list: async (accountId) => reads.mailboxes(accountId),
    find: async (accountId, name) => reads.mailbox(accountId, name),
    create: (accountId, name, specialUse) => writer.run('createMailbox', { accountId, name, specialUse, now: now() }),
    rename: (accountId, from, to) => writer.run('renameMailbox', { accountId, from, to, now: now() }),
    remove: (accountId, name) => writer.run('removeMailbox', { accountId, name }),
    subscribe: (accountId, name, subscribed) => writer.run('subscribe', { accountId, name, subscribed }),
    status: async (mailboxId) => messages.status(mailboxId),
  }) satisfies MailboxStore

const messageStore = ({ writer, blobs }: Parts, reads: ReturnType<typeof messageReads>) => {
  const dropFile = async ({ file }: StoredMessage): Promise<void> => {
    if (file) await blobs.remove(file)
  }

  /** Writes a message; of one that is refused nothing stays. */
  const put = async <R>(message: NewMessage, write: (stored: StoredMessage) => Promise<R>): Promise<R> => {
    const stored = await storedMessage(blobs, message)
    try {
      return await write(stored)
    } catch (error) {
      if (refused.has((error as Error).name)) await dropFile(stored)
      throw error
    }
  }

  return {
    deliver: (message, accountIds) =>
      put(message, async (stored) => {
        const delivered = await writer.run('deliver', { message: stored, accountIds })
        if (!delivered.some(({ outcome }) => outcome === 'delivered')) await dropFile(stored)
        return delivered
      }),
    append: (mailboxId, message, origin) =>
      put(message, (stored) => writer.run('append', { mailboxId, message: stored }, origin)),
    summaries: async (mailboxId) => reads.summaries(mailboxId),
    read: (mailboxId, ranges, want) => reads.read(mailboxId, ranges, want),
    setFlags: (mailboxId, uids, change, { origin, unchangedSince }) =>
      writer.run('setFlags', { mailboxId, uids, change, unchangedSince }, origin),
    expunge: (mailboxId, ranges, origin) => writer.run('expunge', { mailboxId, ranges }, origin),
    copy: (mailboxId, uids, toMailboxId, origin) => writer.run('copy', { mailboxId, uids, toMailboxId }, origin),
    move: (mailboxId, uids, toMailboxId, origin) => writer.run('move', { mailboxId, uids, toMailboxId }, origin),
  } satisfies MessageStore
}

const deviceTokenStore = ({ writer }: Parts, reads: ReturnType<typeof directoryReads>) =>
  ({
    add: (accountId, token, day) => writer.run('addToken', { accountId, token, day }),
    list: async (accountId) => reads.tokens(accountId),
    remove: (accountId, token) => writer.run('removeToken', { accountId, token }),
  }) satisfies DeviceTokenStore

export class SqliteStore implements MailStore {
  readonly accounts: AccountStore
  readonly mailboxes: MailboxStore
  readonly messages: MessageStore
  readonly deviceTokens: DeviceTokenStore
  #parts: Parts
  #directory: ReturnType<typeof directoryReads>
  #logins: LastLogins
  #closed: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#directory = directoryReads(parts.reader, parts.quota)
    this.#logins = new LastLogins(parts.writer)
    const messages = messageReads(parts.reader, parts.blobs)
    this.accounts = accountStore(parts, this.#directory, this.#logins)
    this.mailboxes = mailboxStore(parts, this.#directory, messages)
    this.messages = messageStore(parts, messages)
    this.deviceTokens = deviceTokenStore(parts, this.#directory)
  }

  async usage(accountId: number): Promise<{ used: number; limit: number; messages: number }> {
    return this.#directory.usage(accountId)
  }

  watch(mailboxId: number, listener: (change: Change) => void): () => void {
    return this.#parts.watchers.add(mailboxId, listener)
  }

  expire(policy: RetentionPolicy): Promise<{ messages: number; accounts: number; more: boolean }> {
    return this.#parts.writer.run('expire', policy)
  }

  async counts(): Promise<{ accounts: number; messages: number }> {
    return this.#directory.counts()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const { writer, reader, unlock } = this.#parts
    this.#logins.flush()
    await writer.close(() => reader.close())
    unlock()
  }
}

/**
 * What mail keeps, as an interface: SQLite implements it here, PostgreSQL can beside it. Every write resolves only when
 * it is durable (fsync), and its change is announced only then. Uids ascend and are never used twice (RFC 9051 §2.3.1.1).
 */

export type Account = {
  id: number
  /** Lower-case `local@domain`. */
  address: string
  /** Salted password hash in PHC form. */
  verifier: string
  /** Days since the epoch: nothing finer is kept. */
  createdDay: number
  lastLoginDay: number
}

export type Mailbox = {
  id: number
  accountId: number
  /** As IMAP shows it, UTF-8, `/` between levels; `INBOX` in capitals. */
  name: string
  uidValidity: number
  uidNext: number
  highestModseq: number
  subscribed: boolean
  /** RFC 6154 attribute such as `\Sent`, or null. */
  specialUse: string | null
}

export type MailboxStatus = {
  messages: number
  unseen: number
  /** Octets of all messages. */
  size: number
  deleted: number
}

/** One message as far as a listing needs it. `flags` hold system flags as `\Seen` and keywords as given. */
export type MessageSummary = {
  uid: number
  flags: readonly string[]
  modseq: number
  size: number
  /** Arrival, Unix milliseconds. */
  receivedAt: number
}

/** `header` ends with the empty line; null where it was not asked for. */
export type MessageContent = MessageSummary & { header: Buffer | null; content: Buffer | null }

/** Inclusive uid range; `to` may be Infinity. */
export type UidRange = { from: number; to: number }

export type NewMessage = { content: Buffer; flags: readonly string[]; receivedAt: number }

export type FlagChange = { operation: 'add' | 'remove' | 'replace'; flags: readonly string[] }

/** Where messages came to lie: `uids` in the order of the request. */
export type Placed = { mailboxId: number; uidValidity: number; uids: number[] }

/** Source and destination uids of a COPY or MOVE, pairwise. */
export type Copied = Placed & { sourceUids: number[] }

export type FlagsSet = { uid: number; flags: readonly string[]; modseq: number }

/** A committed change of one mailbox. `origin` is what the writer passed, so that a session knows its own doing. */
export type Change = { mailboxId: number; origin: unknown } & (
  | { kind: 'added'; messages: readonly MessageSummary[] }
  | { kind: 'flags'; messages: readonly FlagsSet[] }
  | { kind: 'removed'; uids: readonly number[]; modseq: number }
  | { kind: 'gone' }
)

export type Delivered = { accountId: number; outcome: 'delivered' | 'over-quota' | 'no-account' }

export type RetentionPolicy = {
  /** Unix milliseconds: messages that came before are removed. */
  messagesBefore: number
  largeMessagesBefore: number
  largeMessageSize: number
  /** Days since the epoch: accounts whose last login is before are removed. */
  accountsBefore: number
}

export class QuotaExceeded extends Error {
  override name = 'QuotaExceeded'
}
/** The disk has no room for more; deleting works. */
export class StoreFull extends Error {
  override name = 'StoreFull'
}
export class MailboxExists extends Error {
  override name = 'MailboxExists'
}
export class MailboxMissing extends Error {
  override name = 'MailboxMissing'
}

export interface AccountStore {
  find(address: string): Promise<Account | null>
  /** Creates the account with its INBOX; where it exists already, returns that one unchanged (`created: false`). @throws StoreFull */
  create(address: string, verifier: string, day: number): Promise<{ account: Account; created: boolean }>
  /** Notes the day of a login. Needs no fsync of its own. */
  touch(id: number, day: number): Promise<void>
  remove(id: number): Promise<void>
}

export interface MailboxStore {
  list(accountId: number): Promise<Mailbox[]>
  find(accountId: number, name: string): Promise<Mailbox | null>
  /** Superior levels are not created. @throws MailboxExists, QuotaExceeded when the account has too many mailboxes */
  create(accountId: number, name: string, specialUse: string | null): Promise<Mailbox>
  /** Renames the mailbox and those below it; renaming INBOX moves its messages (RFC 9051 §6.3.6). @throws MailboxExists, MailboxMissing */
  rename(accountId: number, from: string, to: string): Promise<void>
  /** Levels below stay. INBOX cannot be removed. @throws MailboxMissing */
  remove(accountId: number, name: string): Promise<void>
  /** @throws MailboxMissing */
  subscribe(accountId: number, name: string, subscribed: boolean): Promise<void>
  status(mailboxId: number): Promise<MailboxStatus>
}

export interface MessageStore {
  /** Delivers one message to the INBOX of each account, all in one transaction; the content is kept once. @throws StoreFull */
  deliver(message: NewMessage, accountIds: readonly number[]): Promise<Delivered[]>
  /** @throws QuotaExceeded, MailboxMissing, StoreFull */
  append(mailboxId: number, message: NewMessage, origin: unknown): Promise<Placed>
  /** All messages of a mailbox in uid order, without content: what SELECT needs. */
  summaries(mailboxId: number): Promise<MessageSummary[]>
  /** Messages of the ranges in uid order; `want` says how much of each is read. One at a time, so that memory stays bounded. */
  read(
    mailboxId: number,
    ranges: readonly UidRange[],
    want: 'summary' | 'header' | 'content',
  ): AsyncIterable<MessageContent>
  /**
   * Sets flags; with `unchangedSince`, messages with a higher modseq are left alone and returned in `conflicts` (RFC 7162).
   * `changed` has every other message that exists, as it is now; one whose flags were so already keeps its modseq and is
   * not announced. @throws MailboxMissing, QuotaExceeded when a message would hold too many keywords
   */
  setFlags(
    mailboxId: number,
    uids: readonly number[],
    change: FlagChange,
    options: { origin: unknown; unchangedSince?: number },
  ): Promise<{ changed: FlagsSet[]; conflicts: number[] }>
  /** Removes messages with their content; without `uids`, all that are `\Deleted`; with, those of them that are `\Deleted`. */
  expunge(mailboxId: number, uids: readonly UidRange[] | null, origin: unknown): Promise<number[]>
  /** @throws QuotaExceeded, MailboxMissing */
  copy(mailboxId: number, uids: readonly number[], toMailboxId: number, origin: unknown): Promise<Copied>
  /** @throws MailboxMissing */
  move(mailboxId: number, uids: readonly number[], toMailboxId: number, origin: unknown): Promise<Copied>
}

export interface DeviceTokenStore {
  /** Push tokens of an account, each once, with the day it was last given. */
  add(accountId: number, token: string, day: number): Promise<void>
  list(accountId: number): Promise<string[]>
  remove(accountId: number, token: string): Promise<void>
}

export interface MailStore {
  accounts: AccountStore
  mailboxes: MailboxStore
  messages: MessageStore
  deviceTokens: DeviceTokenStore
  /** Octets that an account's messages take, and what it may take. */
  usage(accountId: number): Promise<{ used: number; limit: number; messages: number }>
  /** Calls `listener` after each committed change of the mailbox; the returned function ends that. Cheap: once per session. */
  watch(mailboxId: number, listener: (change: Change) => void): () => void
  /** Removes what the policy says is too old; bounded work per call. Resolves to what was removed. */
  expire(policy: RetentionPolicy): Promise<{ messages: number; accounts: number; more: boolean }>
  /** Counts for `/state`. */
  counts(): Promise<{ accounts: number; messages: number }>
  close(): Promise<void>
}

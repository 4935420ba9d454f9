/** What the protocol needs from outside: injected, so that a session decides nothing about storage, accounts or time. */
import type { SecureContext } from 'node:tls'
import type { Logger } from '../../../kit/log/logger.ts'
import type { Login, Session as LoginSession } from '../../accounts/login.ts'
import type { ServerMetadata } from '../../relays/metadata.ts'
import type { MailStore } from '../../store/store.ts'
import type { Counters } from './counters.ts'
import type { InputLimits } from './limits.ts'

/** Says whether a message may be put into a mailbox by APPEND; `text` is shown to the client, printable 7-bit. */
export type Admit = (content: Buffer, session: LoginSession) => { ok: true } | { ok: false; text: string }

export type Limits = {
  /** Octets of one message. */
  messageSize: number
  /** Mailboxes of one account. */
  mailboxes: number
  /** Sessions of one account at the same time. */
  sessionsPerAccount: number
}

/** Milliseconds. */
export type Timing = {
  /** How often sessions are looked over. */
  tick: number
  /** Silence in IDLE after which `* OK Still here` is sent; stock clients give up after 5 minutes. */
  keepAlive: number
  /** After this long in IDLE the message count is repeated, so that clients look after expiring TURN credentials. */
  poke: number
  /** Time to log in. */
  login: number
  /** Inactivity after which a session ends; at least 30 minutes (RFC 3501 §5.4). */
  autologout: number
  /** How long a client may take nothing of what is sent to it. */
  stalled: number
  /** Delay of the answer to a wrong password; doubles with each further one of the connection. */
  failedLogin: number
}

export const defaultTiming: Timing = {
  tick: 15_000,
  keepAlive: 150_000,
  poke: 3 * 3_600_000,
  login: 60_000,
  autologout: 30 * 60_000,
  stalled: 5 * 60_000,
  failedLogin: 1000,
}

export type Services = {
  store: MailStore
  login: Login
  metadata: ServerMetadata
  admit: Admit
  limits: Limits
  input: InputLimits
  timing: Timing
  /** For STARTTLS; asked anew each time, so that a renewed certificate is used at once. */
  secureContext: () => SecureContext
  log: Logger
  counters: Counters
  /** Unix milliseconds. */
  clock: () => number
  /** Resolves after so many milliseconds. */
  delay: (milliseconds: number) => Promise<void>
  /** Sessions that are logged in, per account id. */
  sessionsByAccount: Map<number, number>
}

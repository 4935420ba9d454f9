/** What the rows of the table run against: a server that can be started, and one that runs. */
import type * as compare from '../compare.ts'

export type Target = {
  imapPort: number
  smtpPort: number
  domain: string
  /** The server's processes at this moment. */
  pids: () => number[]
  /** Ends all its processes and removes its files. */
  stop: () => Promise<void>
}

export type StartOptions = {
  /** Seconds of IDLE after which a server that can put sessions to sleep does so. */
  hibernateAfter: number
  /** IMAP sessions at one time, about. */
  sessions: number
}

export type ServerName = 'chatmail' | 'Dovecot + Postfix'
/** Starts it on free loopback ports with no accounts and no mail; leaves nothing behind when that fails. */
type Start = (options: StartOptions) => Promise<Target>
export type Server = compare.Server<ServerName, Start>
export type Found = compare.Found<ServerName, Start>

/** What the rows of the table run against: a server that can be started, and one that runs. */

/** Why a server that is here cannot be measured on this machine as it is. */
export class Unable extends Error {}

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

export type Server = {
  name: ServerName
  version: string
  /** How it is set up, as far as that matters for a comparison. */
  setUp: string
  /** Starts it on free loopback ports with no accounts and no mail; leaves nothing behind when that fails. */
  start: (options: StartOptions) => Promise<Target>
}

/** The server, or in a sentence why there is none. */
export type Found = Server | { name: ServerName; missing: string }

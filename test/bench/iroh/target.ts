/** What the rows of the table run against: a relay that can be started, and one that runs. */

export type Target = {
  /** Without TLS. */
  url: URL
  /** With TLS, by a certificate that nobody can verify. */
  secureUrl: URL
  /** The relay's processes at this moment. */
  pids: () => number[]
  /** Ends all its processes and removes its files. */
  stop: () => Promise<void>
}

export type ServerName = 'chatmail' | 'iroh-relay 0.35'

export type Server = {
  name: ServerName
  version: string
  /** How it is set up, as far as that matters for a comparison. */
  setUp: string
  start: () => Promise<Target>
}

/** The server, or in a sentence why there is none. */
export type Found = Server | { name: ServerName; missing: string }

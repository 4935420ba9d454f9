/** What the rows of the table run against: a relay that can be started, and one that runs. */
import type * as compare from '../compare.ts'

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
export type Server = compare.Server<ServerName, () => Promise<Target>>
export type Found = compare.Found<ServerName, () => Promise<Target>>

/**
 * The IMAP server of a mail workload: takes connections from listeners that others own. One timer serves all sessions.
 */
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import type { Registry } from 'prom-client'
import type { Logger } from '../../kit/log/logger.ts'
import type { Login } from '../accounts/login.ts'
import type { ServerMetadata } from '../relays/metadata.ts'
import type { MailStore } from '../store/store.ts'
import { commands } from './commands/index.ts'
import { Connection } from './session/connection.ts'
import { createCounters } from './session/counters.ts'
import { inputLimits } from './session/limits.ts'
import { type Admit, defaultTiming, type Services, type Timing } from './session/services.ts'

export type ImapServerOptions = {
  store: MailStore
  login: Login
  /** Entries of the server for GETMETADATA "". */
  metadata: ServerMetadata
  /** Decides whether APPEND may store a message. */
  admit: Admit
  limits: {
    /** Octets of one message. */
    messageSize: number
    /** Mailboxes of one account. */
    mailboxes?: number
    /** Sessions of one account at the same time. */
    sessionsPerAccount?: number
  }
  /** For STARTTLS; asked anew for each connection. */
  secureContext: () => SecureContext
  log: Logger
  metrics: Registry
  /** Unix milliseconds. */
  clock?: () => number
  timing?: Partial<Timing>
}

export type ImapServer = {
  /** Serves a connection. `secure` says that it is under TLS already. */
  accept(socket: Socket, about: { secure: boolean }): void
  /** Counts for `/state`. */
  counts(): { imapSessions: number; imapIdling: number }
  /** Says BYE to all sessions; resolves when they are gone, after a second at the latest. */
  stop(): Promise<void>
}

const stopGraceMs = 1000

/** Says BYE to all, and drops those that have not closed when the grace is over. */
const endAll = async (connections: ReadonlySet<Connection>): Promise<void> => {
  const closed = Array.from(connections, (connection) => connection.closed())
  for (const connection of connections) connection.stop('Server is shutting down')
  const grace = new AbortController()
  const timeout = delay(stopGraceMs, undefined, { signal: grace.signal }).catch(() => undefined)
  await Promise.race([Promise.all(closed), timeout])
  grace.abort()
  for (const connection of connections) connection.destroy()
}

const createServices = (options: ImapServerOptions, sessions: () => number): Services => ({
  store: options.store,
  login: options.login,
  metadata: options.metadata,
  admit: options.admit,
  limits: { mailboxes: 500, sessionsPerAccount: 32, ...options.limits },
  input: inputLimits(options.limits.messageSize),
  timing: { ...defaultTiming, ...options.timing },
  secureContext: options.secureContext,
  log: options.log,
  counters: createCounters(options.metrics, sessions),
  clock: options.clock ?? Date.now,
  delay: (milliseconds) => delay(milliseconds, undefined, { ref: false }),
  sessionsByAccount: new Map(),
})

/** Makes the server. It holds no listener and starts nothing but its timer. */
export const createImapServer = (options: ImapServerOptions): ImapServer => {
  const connections = new Set<Connection>()
  const services = createServices(options, () => connections.size)
  const gone = (connection: Connection) => connections.delete(connection)
  const timer = setInterval(() => {
    const now = services.clock()
    for (const connection of connections) connection.tick(now)
  }, services.timing.tick).unref()
  return {
    accept(socket, { secure }) {
      services.counters.connections.inc()
      connections.add(new Connection(socket, secure, services, commands, gone))
    },
    counts() {
      const idling = Array.from(connections).filter(({ session }) => session.idling).length
      return { imapSessions: connections.size, imapIdling: idling }
    },
    async stop() {
      clearInterval(timer)
      await endAll(connections)
    },
  }
}

/**
 * SMTP submission (RFC 6409) for the accounts of this server. It owns no listener: it is handed connections, over TLS
 * already or in clear for STARTTLS. No reverse look-up is made, and no client address is kept, logged or written.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { tlsSettings } from '../../kit/tls/settings.ts'
import type { Login } from '../accounts/login.ts'
import type { Delivery } from '../delivery/delivery.ts'
import { SubmissionConnection } from './connection.ts'
import { BufferBudget } from './content.ts'
import { Counts } from './counts.ts'
import { deadlines, isOverdue } from './deadlines.ts'
import { createHooks } from './hooks.ts'
import { replyText, smtpRefusals } from './refusals.ts'

export type Certificate = { cert: Buffer | string; key: Buffer | string }

export type SubmissionOptions = {
  /** The name of the greeting: the server's domain. */
  hostname: string
  login: Login
  delivery: Delivery
  /** For STARTTLS; implicit TLS is made by who owns the listener. */
  certificate: Certificate
  limits: { messageSize: number; recipients: number }
  /** Connections at a time; more are told to come back. */
  maxConnections?: number
  /** Octets that all messages together may hold while they come in; four of the largest unless told. */
  bufferBudget?: number
  /** Milliseconds that never go back. */
  now?: () => number
  /** Milliseconds between two looks for clients that have used up their time. */
  sweepMs?: number
  /** Milliseconds that running transactions get at `stop`. */
  stopGraceMs?: number
}

export interface SubmissionServer {
  /** Takes a connection over: `secure` with a TLS socket after its handshake, else a socket that offers STARTTLS. */
  accept(socket: Socket | TLSSocket, options: { secure: boolean }): void
  /** For the STARTTLS handshakes from now on; sessions stay. */
  updateCertificate(certificate: Certificate): void
  /** Numbers alone, each name with `smtp` before it: sessions, octets of messages coming in, messages by outcome. */
  counts(): Record<string, number>
  /** Takes no new message, lets those finish that are on their way, and resolves once all connections are closed. */
  stop(): Promise<void>
}

/** Commands of the library that are jokes, or that trust what the client says about itself. */
const disabledCommands = ['WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD']

const libraryOptions = ({ hostname, limits }: SubmissionOptions): SMTPServerOptions => ({
  name: hostname,
  // The library's own reply tells the client's address back.
  heloResponse: '%s',
  size: limits.messageSize,
  maxRecipients: limits.recipients,
  authMethods: ['PLAIN', 'LOGIN'],
  authRequiredMessage: 'Authentication required',
  disabledCommands,
  disableReverseLookup: true,
  hideENHANCEDSTATUSCODES: false,
  // Strict parsing refuses names such as `_chat`, which self-signed servers have. Delivery compares exactly anyway.
  lenientAddressParsing: true,
  socketTimeout: deadlines.idleMs,
  ...tlsSettings,
  logger: false,
})

export const createSubmissionServer = (options: SubmissionOptions): SubmissionServer => {
  const { limits, maxConnections = 5000, bufferBudget = limits.messageSize * 4 } = options
  const { now = () => performance.now(), sweepMs = 5000, stopGraceMs = 10_000 } = options
  const counts = new Counts()
  const budget = new BufferBudget(bufferBudget)
  const connections = new Set<SubmissionConnection>()
  let ids = 0
  let stopped: (() => void) | null = null

  const { messageSize } = limits
  const stopping = () => stopped !== null
  const hooks = createHooks({ ...options, messageSize, budget, counts, now, stopping })
  const engine = (secure: boolean): SMTPServer => {
    const tls = secure ? { secure: true, secured: true } : { secure: false, ...options.certificate }
    const server = new SMTPServer({ ...libraryOptions(options), ...tls })
    server.on('error', () => counts.broken++)
    return Object.assign(server, hooks, {
      onConnect: (_session: unknown, done: () => void) => done(),
      onSecure: (_socket: unknown, _session: unknown, done: () => void) => done(),
    })
  }
  const engines = { secure: engine(true), clear: engine(false) }

  const left = (connection: SubmissionConnection): void => {
    connections.delete(connection)
    if (connections.size === 0) stopped?.()
  }

  const sweep = setInterval(() => {
    const time = now()
    for (const connection of connections) if (isOverdue(connection, time)) connection.refuse(smtpRefusals.tooSlow)
  }, sweepMs).unref()

  const turnAway = (socket: Socket, refusal = stopping() ? smtpRefusals.stopping : smtpRefusals.tooManyConnections) => {
    counts.refused(refusal)
    socket.on('error', () => counts.broken++)
    socket.end(`${refusal.code} ${replyText(refusal)}\r\n`, () => socket.destroy())
  }

  const accept: SubmissionServer['accept'] = (socket, { secure }) => {
    if (stopping() || connections.size >= maxConnections) return turnAway(socket)
    const server = secure ? engines.secure : engines.clear
    const connection = new SubmissionConnection(server, socket, { id: String(++ids), now: now(), counts })
    connections.add(connection)
    server.connections.add(connection)
    connection.on('error', () => counts.broken++)
    connection.init()
  }

  for (const server of Object.values(engines))
    server.onClose = (session) => left((session as unknown as { connection: SubmissionConnection }).connection)

  return {
    accept,
    updateCertificate: ({ cert, key }) => engines.clear.updateSecureContext({ cert, key }),
    counts: () => ({ smtpSessions: connections.size, smtpBuffered: budget.used, ...counts.all() }),
    async stop() {
      clearInterval(sweep)
      const { promise, resolve } = Promise.withResolvers<void>()
      stopped = resolve
      for (const connection of connections)
        if (!connection.incoming && !connection.delivering) connection.refuse(smtpRefusals.stopping)
      if (connections.size === 0) return
      const impatient = setTimeout(() => {
        for (const connection of connections) connection.destroy()
      }, stopGraceMs)
      await promise
      clearTimeout(impatient)
    },
  }
}

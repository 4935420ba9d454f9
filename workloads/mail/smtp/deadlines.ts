/** How long a client may take. One sweep looks at all connections, so that a session costs no timer of its own. */
import type { SubmissionConnection } from './connection.ts'

export const deadlines = {
  /** From the connection to a login. */
  loginMs: 60_000,
  /** Without a command that gets a transaction on: RFC 5321 §4.5.3.2.7 asks for 5 minutes at least. */
  idleMs: 300_000,
  /** A message may take this long whatever its size… */
  messageMs: 120_000,
  /** …and afterwards has to have come with this many octets a second on average. */
  messageRate: 1024,
} as const

const receivingTooLong = ({ incoming }: SubmissionConnection, now: number): boolean => {
  if (!incoming) return false
  const { messageMs, messageRate } = deadlines
  return now - incoming.since > messageMs + (incoming.content.received / messageRate) * 1000
}

/** True where the client has used up its time; while we work on its message, it has all of it. */
export const isOverdue = (connection: SubmissionConnection, now: number): boolean => {
  if (connection.delivering) return false
  if (connection.incoming) return receivingTooLong(connection, now)
  const allowed = connection.session.user ? deadlines.idleMs : deadlines.loginMs
  return now - connection.activeAt > allowed
}

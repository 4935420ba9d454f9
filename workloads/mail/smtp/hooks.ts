/** What the SMTP library asks of us: is this login good, may this sender and recipient be, and what of this message. */
import type {
  SMTPServerAddress,
  SMTPServerAuthentication,
  SMTPServerAuthenticationResponse,
  SMTPServerDataStream,
  SMTPServerSession,
} from 'smtp-server'
import type { Login, Session } from '../accounts/login.ts'
import type { Delivery } from '../delivery/delivery.ts'
import type { Refusal } from '../policy/refusal.ts'
import { connectionOf, type SubmissionConnection, type Transaction } from './connection.ts'
import { type BufferBudget, IncomingContent } from './content.ts'
import type { Counts } from './counts.ts'
import { loginRefusals, replyText, smtpRefusals } from './refusals.ts'

export type HookOptions = {
  login: Login
  delivery: Delivery
  messageSize: number
  budget: BufferBudget
  counts: Counts
  /** Milliseconds that never go back. */
  now: () => number
  /** True from the call of `stop` on. */
  stopping: () => boolean
}

type Done = (error?: Error | null) => void
type LoginDone = (error: Error | null | undefined, response?: SMTPServerAuthenticationResponse) => void
type MessageDone = (error?: Error | null, reply?: string) => void

const maxFailedLogins = 3

/** The library takes a refusal as an error. One a reason is enough: they hold nothing of the session. */
const errors = new Map<string, Error>()
const errorOf = (refusal: Refusal): Error => {
  const known = errors.get(refusal.reason)
  if (known) return known
  const error = Object.assign(new Error(replyText(refusal)), { responseCode: refusal.code })
  errors.set(refusal.reason, error)
  return error
}

const userOf = (session: SMTPServerSession): Session => session.user as Session

const transactionOf = (connection: SubmissionConnection, begin: () => Refusal | null): Transaction => {
  const { envelope } = connection.session
  if (connection.transaction?.envelope === envelope) return connection.transaction
  connection.transaction = { envelope, recipients: new Set(), refusal: begin() }
  return connection.transaction
}

export const createHooks = ({ login, delivery, messageSize, budget, counts, now, stopping }: HookOptions) => {
  const answer = (refusal: Refusal | null, done: Done): void => {
    if (refusal) counts.refused(refusal)
    done(refusal && errorOf(refusal))
  }

  const onAuth = async (auth: SMTPServerAuthentication, session: SMTPServerSession, done: LoginDone): Promise<void> => {
    const connection = connectionOf(session)
    // RFC 4616 §2: an identity to act as, other than that of the login, is nobody's right here.
    const actsAsOther = Boolean(auth.authzid && auth.authcid && auth.authzid !== auth.authcid)
    const result = actsAsOther
      ? ({ ok: false, reason: 'refused' } as const)
      : await login(auth.username ?? '', auth.password ?? '')
    connection.activeAt = now()
    if (result.ok) return done(null, { user: result.session })
    answer(loginRefusals[result.reason], done)
    if (result.reason !== 'unavailable' && ++connection.failedLogins >= maxFailedLogins)
      connection.refuse(smtpRefusals.tooManyAttempts)
  }

  const onMailFrom = (sender: SMTPServerAddress, session: SMTPServerSession, done: Done): void => {
    const connection = connectionOf(session)
    connection.activeAt = now()
    connection.holdReplies()
    answer(delivery.sender(userOf(session), sender.address), done)
  }

  const recipient = async (address: string, transaction: Transaction): Promise<Refusal | null> => {
    if (transaction.refusal) return transaction.refusal
    const found = await delivery.recipient(address)
    if (typeof found !== 'number') return found
    transaction.recipients.add(found)
    return null
  }

  const onRcptTo = ({ address }: SMTPServerAddress, session: SMTPServerSession, done: Done): void => {
    const connection = connectionOf(session)
    connection.activeAt = now()
    const transaction = transactionOf(connection, () => delivery.pace(userOf(session)))
    void recipient(address, transaction).then((refusal) => answer(refusal, done))
  }

  const submit = async (connection: SubmissionConnection, content: IncomingContent): Promise<Refusal | null> =>
    content.refusal ??
    delivery.submit({
      session: userOf(connection.session),
      recipients: connection.transaction?.recipients ?? new Set(),
      content: content.bytes,
    })

  const finish = async (
    connection: SubmissionConnection,
    content: IncomingContent,
    done: MessageDone,
  ): Promise<void> => {
    Object.assign(connection, { incoming: null, delivering: true })
    const refusal = await submit(connection, content)
    content.release()
    Object.assign(connection, { delivering: false, activeAt: now() })
    if (refusal) answer(refusal, done)
    else {
      counts.accepted++
      done(null, '2.0.0 queued')
    }
    if (stopping()) connection.refuse(smtpRefusals.stopping)
  }

  const onData = (stream: SMTPServerDataStream, session: SMTPServerSession, done: MessageDone): void => {
    const connection = connectionOf(session)
    const content = new IncomingContent(messageSize, budget)
    connection.incoming = { since: now(), content }
    stream.on('data', (chunk: Buffer) => {
      const fits = content.received <= messageSize * 2
      content.add(chunk)
      if (!fits || content.received <= messageSize * 2) return
      connection.refuse(smtpRefusals.tooLarge)
      connection.close()
    })
    stream.on('error', () => counts.broken++)
    stream.once('end', () => void finish(connection, content, done))
    stream.once('close', () => {
      if (!connection.delivering) content.release()
    })
  }

  return { onAuth, onMailFrom, onRcptTo, onData }
}

/**
 * One SMTP session (RFC 5321): the library's, but greeting at once, with our enhanced status codes, and without AUTH on a
 * connection in clear.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { SMTPServer, SMTPServerEnvelope, SMTPServerSession } from 'smtp-server'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import type { Refusal } from '../policy/refusal.ts'
import type { IncomingContent } from './content.ts'
import type { Counts } from './counts.ts'
import { SubmissionParser } from './parser.ts'
import { replyText, smtpRefusals } from './refusals.ts'

/** What one mail transaction has come to; the library makes a new envelope for each, which tells them apart. */
export type Transaction = {
  envelope: SMTPServerEnvelope
  /** Accounts that get the message, each once. */
  recipients: Set<number>
  /** Set where the sender is too fast: the answer to each RCPT. */
  refusal: Refusal | null
}

const ownEnhancedCode = /^[245]\.\d{1,3}\.\d{1,3} /
/** Octets of a command line. RFC 5321 §4.5.3.1.4 asks for 512, RFC 4954 §4 for 12288 in an AUTH exchange. */
const maxCommandLength = 12_288
const needsTlsCodes = new Set([530, 538])

export class SubmissionConnection extends SMTPConnection {
  /** When the client last got on with it, on the monotonic clock. */
  activeAt: number
  failedLogins = 0
  transaction: Transaction | null = null
  /** The message that is coming in. */
  incoming: { since: number; content: IncomingContent } | null = null
  /** A message is complete and its reply is not sent yet. */
  delivering = false
  #counts: Counts

  constructor(server: SMTPServer, socket: Socket | TLSSocket, options: { id: string; now: number; counts: Counts }) {
    super(server, socket, { id: options.id })
    this.activeAt = options.now
    this.#counts = options.counts
    const session: SessionWithConnection = this.session
    session.connection = this
  }

  override _createParser(): SubmissionParser {
    const parser = new SubmissionParser({ maxCommandLength })
    parser.oncommand = (command, done) => this._onCommand(command, done)
    parser.on('error', () => this.refuse(smtpRefusals.lineTooLong))
    return parser
  }

  /** The library waits 100 ms before it greets, to catch clients that talk first; here that would delay each message. */
  override init(): void {
    this._setListeners(() => this.connectionReady())
  }

  /** A text that brings its enhanced status code keeps it (RFC 2034 §4); before TLS, what needs a login needs TLS first. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    if (code >= 400) this.#counts.errorReplies++
    if (Array.isArray(data)) super.send(code, this.secure ? data : data.filter(isNotAuth), context)
    else if (!this.secure && needsTlsCodes.has(code)) super.send(530, replyText(smtpRefusals.needsTls), false)
    else super.send(code, data, data && ownEnhancedCode.test(data) ? false : context)
  }

  /**
   * Collects the replies of this turn of the event loop into one TLS record and system call. A client that pipelines MAIL,
   * RCPT and DATA gets its three answers at once.
   */
  holdReplies(): void {
    const socket = this._socket
    socket.cork()
    setImmediate(() => socket.uncork())
  }

  /** Sends a refusal outside of a command's own reply. 421 closes the connection. */
  refuse(refusal: Refusal): void {
    this.#counts.refused(refusal)
    this.send(refusal.code, replyText(refusal))
  }

  /** Ends the connection at once, without a reply. */
  destroy(): void {
    this._socket.destroy()
  }
}

const isNotAuth = (feature: string): boolean => !feature.startsWith('AUTH ')

type SessionWithConnection = SMTPServerSession & { connection?: SubmissionConnection }

/** The connection whose session the library hands to a hook. */
export const connectionOf = (session: SMTPServerSession): SubmissionConnection =>
  (session as SessionWithConnection).connection!

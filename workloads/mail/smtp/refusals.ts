/** What the SMTP session refuses itself, before or instead of delivery. */
import type { LoginFailure } from '../accounts/login.ts'
import { type Refusal, refusalTable } from '../policy/refusal.ts'

export const smtpRefusals = refusalTable({
  needsTls: [530, '5.7.0', 'Must issue a STARTTLS command first'],
  wrongPassword: [535, '5.7.8', 'Authentication credentials invalid'],
  registrationClosed: [535, '5.7.8', 'Authentication failed; this server takes no new accounts by logging in'],
  loginUnavailable: [454, '4.7.0', 'Temporary authentication failure, try again later'],
  tooManyAttempts: [421, '4.7.0', 'Too many failed logins, closing connection'],
  tooLarge: [552, '5.3.4', 'Message exceeds the maximum message size'],
  noBuffer: [452, '4.3.1', 'Server is busy receiving other messages, try again later'],
  tooManyConnections: [421, '4.3.2', 'Too many connections, try again later'],
  lineTooLong: [421, '4.5.2', 'Command line is too long, closing connection'],
  tooSlow: [421, '4.4.2', 'Timeout, closing connection'],
  stopping: [421, '4.3.2', 'Server is restarting, try again in a moment'],
})

/** The refusal of each way that a login can fail. */
export const loginRefusals: Record<LoginFailure, Refusal> = {
  refused: smtpRefusals.wrongPassword,
  closed: smtpRefusals.registrationClosed,
  unavailable: smtpRefusals.loginUnavailable,
}

/** The refusal as the line that a client reads, without its reply code. */
export const replyText = ({ enhanced, text }: Refusal): string => `${enhanced} ${text}`

/** What LOGIN and AUTHENTICATE share: the check itself, the answer, and the price of a wrong password. */
import type { LoginFailure } from '../../accounts/login.ts'
import { capabilities } from './capabilities.ts'
import { no, ok, type Reply } from './reply.ts'
import type { Session } from './session.ts'

/** Stock clients look for the word "authentication" before they ask the user for another password. */
const failures: Record<LoginFailure, Reply> = {
  refused: no('AUTHENTICATIONFAILED', 'Authentication failed.'),
  closed: no('AUTHENTICATIONFAILED', 'Authentication failed; this server takes no new accounts by logging in.'),
  unavailable: no('UNAVAILABLE', 'Temporary failure, try again later.'),
}

const maxFailures = 5
/** Longer names and passwords are refused without asking. */
const maxCredential = 1024

export const privacyRequired = no('PRIVACYREQUIRED', 'Login is not allowed without TLS')

const refused = async (session: Session, reason: LoginFailure): Promise<Reply> => {
  session.failedLogins++
  await session.services.delay(session.services.timing.failedLogin * 2 ** (session.failedLogins - 1))
  if (session.failedLogins >= maxFailures) session.bye('Too many failed logins')
  return failures[reason]
}

const check = async (session: Session, user: string, password: string) =>
  user.length > maxCredential || password.length > maxCredential
    ? ({ ok: false, reason: 'refused' } as const)
    : session.services.login(user, password)

/** Logs the session in; the reply carries the capabilities, so that clients need not ask. */
export const authenticate = async (session: Session, user: string, password: string): Promise<Reply> => {
  const result = await check(session, user, password)
  session.services.counters.logins.inc({ outcome: result.ok ? 'ok' : result.reason })
  if (!result.ok) return refused(session, result.reason)
  if (!session.authenticate(result.session)) return no('LIMIT', 'Too many sessions of this account')
  return ok('Logged in', `CAPABILITY ${capabilities(session)}`)
}

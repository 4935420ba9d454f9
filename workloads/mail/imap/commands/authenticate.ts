/**
 * AUTHENTICATE (RFC 3501 §6.2.2) with an optional initial response (RFC 4959), for PLAIN (RFC 4616).
 *
 *   authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64)
 *   message      = [authzid] NUL authcid NUL passwd
 */
import { authenticate as check, privacyRequired } from '../session/authentication.ts'
import { type Continuation, command, notLoggedIn, type Outcome } from '../session/command.ts'
import { bad, no } from '../session/reply.ts'
import type { Session } from '../session/session.ts'

const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const answer = (session: Session, response: string): Outcome | Promise<Outcome> => {
  if (response === '*') return bad('Authentication was cancelled')
  if (!base64Pattern.test(response)) return bad('Syntax: base64 was expected')
  const parts = Buffer.from(response, 'base64').toString('utf8').split('\0')
  if (parts.length !== 3) return bad('Syntax: a PLAIN message was expected')
  const [authorize, user, password] = parts as [string, string, string]
  if (authorize !== '' && authorize !== user) return no('AUTHORIZATIONFAILED', 'No login on behalf of others')
  return check(session, user, password)
}

const ask: Continuation = { prompt: '+ ', next: answer }

export const authenticate = command({
  name: 'AUTHENTICATE',
  states: notLoggedIn,
  parse: (cursor) => {
    const mechanism = cursor.keyword('a mechanism')
    const initial = cursor.take(' ') ? cursor.astring('an initial response') : null
    cursor.end()
    return { mechanism, initial }
  },
  run: (session, { mechanism, initial }) => {
    if (mechanism !== 'PLAIN') return no('CANNOT', 'Only PLAIN is known')
    if (!session.secure) return privacyRequired
    return initial === null ? ask : answer(session, initial === '=' ? '' : initial)
  },
})

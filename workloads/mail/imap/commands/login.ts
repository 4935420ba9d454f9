/** LOGIN (RFC 3501 §6.2.3): `login = "LOGIN" SP userid SP password`, both `astring`. */
import { authenticate, privacyRequired } from '../session/authentication.ts'
import { command, notLoggedIn } from '../session/command.ts'

export const login = command({
  name: 'LOGIN',
  states: notLoggedIn,
  parse: (cursor) => {
    const user = cursor.astring('a user name')
    cursor.space()
    const password = cursor.astring('a password')
    cursor.end()
    return { user, password }
  },
  run: (session, { user, password }) => (session.secure ? authenticate(session, user, password) : privacyRequired),
})

/** LOGOUT (RFC 3501 §6.1.3): `logout = "LOGOUT"`. */
import { anyState, command, noArguments } from '../session/command.ts'
import { ok } from '../session/reply.ts'

export const logout = command({
  name: 'LOGOUT',
  states: anyState,
  parse: noArguments,
  updates: 'none',
  run: (session) => {
    session.bye('Logging out')
    return ok('Logout completed')
  },
})

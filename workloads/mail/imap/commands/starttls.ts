/** STARTTLS (RFC 3501 §6.2.1): `starttls = "STARTTLS"`. What the client sent after it in clear is thrown away. */
import { command, noArguments, notLoggedIn } from '../session/command.ts'
import { bad, ok } from '../session/reply.ts'

export const starttls = command({
  name: 'STARTTLS',
  states: notLoggedIn,
  parse: noArguments,
  run: (session) => {
    if (session.secure) return bad('TLS is active already')
    session.after = 'starttls'
    return ok('Begin TLS negotiation now')
  },
})

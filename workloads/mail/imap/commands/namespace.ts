/** NAMESPACE (RFC 2342 §5): one personal namespace, nothing shared. */
import { command, loggedIn, noArguments } from '../session/command.ts'
import { ok } from '../session/reply.ts'

export const namespace = command({
  name: 'NAMESPACE',
  states: loggedIn,
  parse: noArguments,
  run: (session) => {
    session.output.line('* NAMESPACE (("" "/")) NIL NIL')
    return ok('Namespace completed')
  },
})

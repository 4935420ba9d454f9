/** CAPABILITY (RFC 3501 §6.1.1): `capability = "CAPABILITY"`. */
import { capabilities } from '../session/capabilities.ts'
import { anyState, command, noArguments } from '../session/command.ts'
import { ok } from '../session/reply.ts'

export const capability = command({
  name: 'CAPABILITY',
  states: anyState,
  parse: noArguments,
  run: (session) => {
    session.output.line(`* CAPABILITY ${capabilities(session)}`)
    return ok('Capability completed')
  },
})

/** ENABLE (RFC 5161 §3.1): `enable = "ENABLE" 1*(SP capability)`. CONDSTORE is the one that can be; others are passed over. */
import { command, loggedIn } from '../session/command.ts'
import { ok } from '../session/reply.ts'

export const enable = command({
  name: 'ENABLE',
  states: loggedIn,
  parse: (cursor) => {
    const words = [cursor.keyword('a capability')]
    while (cursor.take(' ')) words.push(cursor.keyword('a capability'))
    cursor.end()
    return words
  },
  run: (session, words) => {
    const condstore = words.includes('CONDSTORE')
    if (condstore) session.condstore = true
    session.output.line(condstore ? '* ENABLED CONDSTORE' : '* ENABLED')
    return ok('Enabled')
  },
})

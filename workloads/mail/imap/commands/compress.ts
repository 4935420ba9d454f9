/** COMPRESS (RFC 4978 §3): `compress = "COMPRESS" SP algorithm`, of which there is DEFLATE. */
import { command, loggedIn } from '../session/command.ts'
import { no, ok } from '../session/reply.ts'

export const compress = command({
  name: 'COMPRESS',
  states: loggedIn,
  parse: (cursor) => {
    const algorithm = cursor.keyword('an algorithm')
    cursor.end()
    return algorithm
  },
  run: (session, algorithm) => {
    if (algorithm !== 'DEFLATE') return no('CANNOT', 'Only DEFLATE is known')
    if (session.output.deflated) return no('COMPRESSIONACTIVE', 'DEFLATE is active already')
    session.after = 'compress'
    return ok('DEFLATE active')
  },
})

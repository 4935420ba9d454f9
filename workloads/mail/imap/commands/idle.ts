/**
 * IDLE (RFC 2177 §3): `idle = "IDLE" CRLF "DONE"`. While it lasts, each change of the mailbox is told at once.
 */
import { type Continuation, command, loggedIn } from '../session/command.ts'
import { bad, ok } from '../session/reply.ts'

const untilDone: Continuation = {
  prompt: '+ idling',
  next: (session, line) => {
    session.idling = false
    return line.trim().toUpperCase() === 'DONE' ? ok('Idle completed') : bad('DONE was expected')
  },
}

export const idle = command({
  name: 'IDLE',
  states: loggedIn,
  parse: (cursor) => cursor.end(),
  run: (session) => {
    session.idling = true
    return untilDone
  },
})

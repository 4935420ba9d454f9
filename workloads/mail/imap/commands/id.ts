/**
 * ID (RFC 2971 §3.1). What a client says of itself is read and forgotten.
 *
 *   id = "ID" SP id-params-list        id-params-list = "(" *(string SP nstring) ")" / nil
 */
import { anyState, command } from '../session/command.ts'
import { ok } from '../session/reply.ts'
import type { Cursor } from '../syntax/cursor.ts'

const field = (cursor: Cursor): void => {
  cursor.nstring('a field')
  cursor.space()
  cursor.nstring('a value')
}

export const id = command({
  name: 'ID',
  states: anyState,
  parse: (cursor) => {
    if (cursor.peek === '(') cursor.list(field)
    else cursor.nstring('a list or NIL')
    cursor.end()
    return null
  },
  run: (session) => {
    session.output.line('* ID ("name" "chatmail-operator")')
    return ok('ID completed')
  },
})

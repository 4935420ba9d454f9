/** NOOP (RFC 3501 §6.1.2) and CHECK (§6.4.1): nothing but news of the mailbox, as after every command. */
import { anyState, command, noArguments, withMailbox } from '../session/command.ts'
import { ok } from '../session/reply.ts'

export const noop = command({
  name: 'NOOP',
  states: anyState,
  parse: noArguments,
  run: () => ok('NOOP completed'),
})

/** Everything is durable already when it is acknowledged. */
export const check = command({
  name: 'CHECK',
  states: withMailbox,
  parse: noArguments,
  run: () => ok('Check completed'),
})

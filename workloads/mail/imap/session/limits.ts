/** How much a client may send at once. Octets. */
import type { FrameLimits } from '../wire/framing.ts'

const beforeLogin = { line: 8 * 1024, literals: 4 * 1024 }
const afterLogin = { line: 64 * 1024, literals: 64 * 1024 }
const appendPattern = /^\S{1,64} +APPEND /i

/** Bad commands in a row after which a connection ends. */
export const badCommands = (loggedIn: boolean): number => (loggedIn ? 50 : 10)

export type InputLimits = { beforeLogin: FrameLimits; afterLogin: FrameLimits }

/** Only APPEND may carry a message, of up to `messageSize` octets, and only once somebody is logged in. */
export const inputLimits = (messageSize: number): InputLimits => ({
  beforeLogin: { line: beforeLogin.line, literals: () => beforeLogin.literals },
  afterLogin: {
    line: afterLogin.line,
    literals: (firstLine) => (appendPattern.test(firstLine) ? messageSize : afterLogin.literals),
  },
})

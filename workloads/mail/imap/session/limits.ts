/** How much a client may send at once. Octets. */
import type { FrameLimits } from '../wire/framing.ts'
import type { Session } from './session.ts'

const beforeLogin = { line: 8 * 1024, literals: 4 * 1024 }
const afterLogin = { line: 64 * 1024, literals: 64 * 1024 }
const appendPattern = /^\S{1,64} +APPEND /i

/** Bad commands in a row after which a connection ends. */
export const badCommands = (session: Session): number => (session.account ? 50 : 10)

const strangers: FrameLimits = { line: beforeLogin.line, literals: () => beforeLogin.literals }

/** Only APPEND may carry a message, and only once somebody is logged in. */
export const frameLimits = (session: Session): FrameLimits =>
  session.account
    ? {
        line: afterLogin.line,
        literals: (firstLine) =>
          appendPattern.test(firstLine) ? session.services.limits.messageSize : afterLogin.literals,
      }
    : strangers

/** What a look at every connection finds, once a second: who is to be pinged, and who is gone. */
import type { IrohLimits } from '../../contract/iroh-config.ts'
import type { CloseReason } from './counters.ts'
import type { Relay } from './relay.ts'
import type { Session } from './session.ts'

export const sweepMs = 1000

/** When the process itself has not run for this long, what clients have sent may not have been read yet. */
const stalledMs = 3 * sweepMs

export type SweepOptions = { relay: Relay; limits: IrohLimits; random: (bytes: number) => Buffer }

const overdue = (session: Session, { handshake, write }: IrohLimits, now: number): CloseReason | null => {
  if (session.handshake && now - session.since > handshake * 1000) return 'handshake_timeout'
  if (session.writingSince !== 0 && now - session.writingSince > write * 1000) return 'write_timeout'
  return null
}

export class Sweep {
  #options: SweepOptions
  #last: number

  constructor(options: SweepOptions, now: number) {
    this.#options = options
    this.#last = now
  }

  run(now: number): void {
    const wasStalled = now - this.#last > stalledMs
    this.#last = now
    for (const session of this.#options.relay.sessions) {
      if (wasStalled) session.excuse(now)
      else this.#judge(session, now)
    }
  }

  #judge(session: Session, now: number): void {
    const { limits, random } = this.#options
    const late = overdue(session, limits, now)
    if (session.isClosing) {
      if (late || now - session.closingSince > limits.write * 1000) session.destroy(now)
    } else if (late) this.#end(session, late, now)
    else if (!session.handshake && !session.isPaused) {
      const next = session.liveness.next(now, random)
      if (next === 'gone') this.#end(session, 'ping_timeout', now)
      else if (next) session.notice(session.dialect.ping(next))
    }
  }

  #end(session: Session, reason: CloseReason, now: number): void {
    this.#options.relay.counters.closed[reason]++
    session.destroy(now)
  }
}

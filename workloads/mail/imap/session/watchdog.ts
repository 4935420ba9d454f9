/**
 * Time-outs and keep-alives of one session, looked at when the server's one timer ticks: no session has a timer of its own.
 */
import type { Socket } from 'node:net'
import type { Session } from './session.ts'

export class Watchdog {
  /** All in Unix milliseconds. */
  #start: number
  #heard: number
  #kept: number
  #poked: number
  #progress: number
  #written = 0
  #idling = false

  constructor(now: number) {
    this.#start = now
    this.#heard = now
    this.#kept = now
    this.#poked = now
    this.#progress = now
  }

  /** The client sent something. */
  heard(now: number): void {
    this.#heard = now
  }

  /** Judges the session; in IDLE, writes what keeps it alive. */
  look(now: number, session: Session, socket: Socket, busy: boolean): string | 'destroy' | null {
    const { timing } = session.services
    if (this.#stalled(now, session, socket)) return 'destroy'
    if (!session.account) return now - this.#start >= timing.login ? 'Login took too long' : null
    if (session.idling) this.#keepAlive(now, session)
    else if (!busy && now - this.#heard >= timing.autologout) return 'Autologout after inactivity'
    this.#idling = session.idling
    return null
  }

  #stalled(now: number, session: Session, socket: Socket): boolean {
    if (!session.output.blocked || socket.bytesWritten !== this.#written) {
      this.#written = socket.bytesWritten
      this.#progress = now
    }
    return now - this.#progress >= session.services.timing.stalled
  }

  #keepAlive(now: number, session: Session): void {
    const { timing } = session.services
    if (!this.#idling) {
      this.#kept = this.#heard
      this.#poked = this.#heard
    }
    if (now - this.#poked >= timing.poke) {
      this.#poked = now
      this.#kept = now
      session.output.line(`* ${session.selected?.count ?? 0} EXISTS`)
    } else if (now - this.#kept >= timing.keepAlive) {
      this.#kept = now
      session.output.line('* OK Still here')
    }
  }
}

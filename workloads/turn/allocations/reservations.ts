/**
 * Reserved relays (RFC 8656 §7.2, EVEN-PORT with R): the port above an even one waits half a minute for the same user to
 * claim it with RESERVATION-TOKEN. It counts against the quotas meanwhile, or who allocates and lets go again and again
 * would soon hold every port.
 */
import { type Relay, reservationLifetime } from './allocation.ts'
import type { Holder, QuotaTable } from './quotas.ts'

/** RFC 8656 §18.7. */
export const tokenLength = 8

type Reservation = { relay: Relay; holder: Holder; expiresAt: number }

export class Reservations {
  #byToken = new Map<string, Reservation>()
  #quotas: QuotaTable
  #closeRelay: (relay: Relay) => void

  constructor(quotas: QuotaTable, closeRelay: (relay: Relay) => void) {
    this.#quotas = quotas
    this.#closeRelay = closeRelay
  }

  get size(): number {
    return this.#byToken.size
  }

  /** `token` is 8 random bytes, `now` monotonic milliseconds. */
  hold(token: Buffer, relay: Relay, holder: Holder, now: number): void {
    this.#quotas.take(holder)
    this.#byToken.set(token.toString('hex'), { relay, holder, expiresAt: now + reservationLifetime })
  }

  /** Hands the relay over to the user that reserved it; null for anybody else and when it is too late. */
  claim(token: Buffer, username: string, now: number): Relay | null {
    const name = token.toString('hex')
    const reservation = this.#byToken.get(name)
    if (!reservation || reservation.holder.username !== username || reservation.expiresAt <= now) return null
    this.#byToken.delete(name)
    this.#quotas.giveBack(reservation.holder)
    return reservation.relay
  }

  /** Gives ports back that nobody claimed in time. */
  sweep(now: number): void {
    for (const [name, { relay, holder, expiresAt }] of this.#byToken) {
      if (expiresAt > now) continue
      this.#byToken.delete(name)
      this.#quotas.giveBack(holder)
      this.#closeRelay(relay)
    }
  }
}

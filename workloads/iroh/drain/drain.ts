/**
 * Sending the clients away: each is told when to come back, as far as its version listens to that, and they are closed in
 * small groups in random order, so that whoever takes over does not get all of them at once.
 */
import type { Relay } from '../clients/relay.ts'
import type { Session } from '../clients/session.ts'

/** A group is closed this often, milliseconds. */
const stepMs = 100

/** How long a client is to try, milliseconds. */
const tryForMs = 60_000

export type DrainOptions = {
  relay: Relay
  /** In [0, 1). */
  chance: () => number
  wait: (ms: number) => Promise<void>
}

const shuffled = <T>(items: Iterable<T>, chance: () => number): T[] =>
  [...items]
    .map((item) => ({ item, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)

const announce = (session: Session, reconnectIn: number): void => {
  if (!session.handshake) session.notice(session.dialect.restarting(reconnectIn, tryForMs))
}

/** Closes every connection within `spread` seconds; resolves when the last is gone or had its time to go. */
export const drain = async ({ relay, chance, wait }: DrainOptions, spread: number): Promise<void> => {
  const sessions = shuffled(relay.sessions, chance)
  const steps = Math.max(1, Math.floor((spread * 1000) / stepMs))
  sessions.forEach((session, index) => {
    announce(session, Math.round((index / sessions.length) * spread * 1000))
  })
  const groupSize = Math.max(1, Math.ceil(sessions.length / steps))
  for (let at = 0; at < sessions.length; at += groupSize) {
    await wait(spread === 0 ? 0 : stepMs)
    for (const session of sessions.slice(at, at + groupSize)) relay.close(session, 'drained')
  }
  for (let left = 10; left > 0 && relay.sessions.size > 0; left--) await wait(stepMs)
}

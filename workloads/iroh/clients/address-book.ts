/**
 * Which connection a key is reached by, for each generation of clients apart. A key that connects again is reached by its
 * newest connection; an older one is closed, or kept in reserve where its protocol has words for that.
 */
import { type Generation, generations } from './dialect.ts'
import type { Session } from './session.ts'

/** Connections of one key in reserve; more of them are somebody's mistake. */
const maxReserve = 4

export class AddressBook {
  #newest: Record<Generation, Map<string, Session>> = { legacy: new Map(), modern: new Map() }

  find(generation: Generation, name: string): Session | undefined {
    return this.#newest[generation].get(name)
  }

  size(generation: Generation): number {
    return this.#newest[generation].size
  }

  /** Enters a connection that has proven its key; returns the older ones that are to be closed. */
  enter(session: Session): Session[] {
    const book = this.#bookOf(session)
    const older = book.get(session.name)
    book.set(session.name, session)
    if (!older) return []
    if (older.dialect.superseded === null) {
      inherit(session, older)
      return [older]
    }
    session.previous = older
    older.notice(older.dialect.superseded)
    return cutReserve(session)
  }

  /** Takes a connection out; returns the key's peers, who are to be told, where it was the last one. */
  leave(session: Session): Iterable<string> {
    const book = this.#bookOf(session)
    const newest = book.get(session.name)
    if (newest === session) return this.#leaveNewest(book, session)
    for (let at = newest; at; at = at.previous ?? undefined)
      if (at.previous === session) {
        at.previous = session.previous
        inherit(newest!, session)
      }
    return []
  }

  *reserve(): Iterable<Session> {
    for (const generation of generations)
      for (const newest of this.#newest[generation].values())
        for (let at = newest.previous; at; at = at.previous) yield at
  }

  #leaveNewest(book: Map<string, Session>, session: Session): Iterable<string> {
    const { previous } = session
    if (!previous) {
      book.delete(session.name)
      return session.peers ?? []
    }
    book.set(session.name, previous)
    session.previous = null
    inherit(previous, session)
    if (previous.dialect.restored) previous.notice(previous.dialect.restored)
    return []
  }

  #bookOf({ dialect }: Session): Map<string, Session> {
    return this.#newest[dialect.generation]
  }
}

/** Who wrote to a peer is the key, not the connection. */
const inherit = (heir: Session, session: Session): void => {
  for (const peer of session.peers ?? []) heir.remember(peer)
}

const cutReserve = (newest: Session): Session[] => {
  let last = newest
  for (let kept = 0; kept < maxReserve && last.previous; kept++) last = last.previous
  const cut: Session[] = []
  for (let at = last.previous; at; at = at.previous) cut.push(at)
  for (const session of cut) inherit(newest, session)
  last.previous = null
  return cut
}

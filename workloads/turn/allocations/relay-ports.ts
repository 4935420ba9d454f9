/**
 * The ports that relays are opened on: a random start (RFC 8656 §7.2 asks for ports that cannot be guessed), the next
 * one where the system says that a port is taken, because the range overlaps its ephemeral ports.
 */
import type { Family } from '../../kit/address/text.ts'
import type { PortRange } from '../peers/policy.ts'
import type { Allocation, OpenRelaySocket, Relay } from './allocation.ts'

/** Ports tried at the system before giving up; ports that are in use here cost nothing. */
const maxAttempts = 64

/** Called with what a peer sent to an allocated relay. */
export type FromPeer = (relay: Relay, allocation: Allocation, data: Buffer, address: string, port: number) => void

/** One of `count` servers that divide the ports among them by pairs, an even one and the one above it. */
export type PortShare = { index: number; count: number }

export const wholeRange: PortShare = { index: 0, count: 1 }

export type RelayPortsOptions = {
  range: PortRange
  share: PortShare
  openSocket: OpenRelaySocket
  /** A random integer from 0 to `below` - 1. */
  random: (below: number) => number
  fromPeer: FromPeer
}

export class RelayPorts {
  #options: RelayPortsOptions
  #used: Record<Family, Map<number, Relay>> = { 4: new Map(), 6: new Map() }

  constructor(options: RelayPortsOptions) {
    this.#options = options
  }

  /** Open relays, reserved ones too. */
  get size(): number {
    return this.#used[4].size + this.#used[6].size
  }

  /** The open relay at a port. */
  at(family: Family, port: number): Relay | undefined {
    return this.#used[family].get(port)
  }

  /** `count` relays on following ports, the first one even if that is asked; null when there are none. */
  open(family: Family, { count, even }: { count: 1 | 2; even: boolean }): Relay[] | null {
    let attempts = 0
    for (const port of this.#candidates(even)) {
      if (
        port + count - 1 > this.#options.range.max ||
        (count === 2 && port % 2 === 1) ||
        this.#isUsed(family, port, count)
      )
        continue
      const relays = this.#openAt(family, port, count)
      if (relays === 'failed' || ++attempts > maxAttempts) return null
      if (relays !== 'taken') return relays
    }
    return null
  }

  close(relay: Relay): void {
    relay.allocation = null
    this.#used[relay.family].delete(relay.port)
    relay.socket.close()
  }

  *#candidates(even: boolean): Generator<number> {
    const { min, max } = this.#options.range
    const { index, count } = this.#options.share
    const size = max - min + 1
    const start = this.#options.random(size)
    for (let step = 0; step < size; step++) {
      const port = min + ((start + step) % size)
      if ((port >> 1) % count === index && (!even || port % 2 === 0)) yield port
    }
  }

  #isUsed(family: Family, port: number, count: number): boolean {
    return this.#used[family].has(port) || (count === 2 && this.#used[family].has(port + 1))
  }

  #openAt(family: Family, port: number, count: number): Relay[] | 'taken' | 'failed' {
    const relays: Relay[] = []
    for (let next = port; next < port + count; next++) {
      const relay = this.#openOne(family, next)
      if (typeof relay === 'string') {
        for (const opened of relays) this.close(opened)
        return relay
      }
      relays.push(relay)
    }
    return relays
  }

  #openOne(family: Family, port: number): Relay | 'taken' | 'failed' {
    const { openSocket, fromPeer } = this.#options
    let relay: Relay | undefined
    const socket = openSocket(family, port, (data, address, peerPort) => {
      if (relay?.allocation) fromPeer(relay, relay.allocation, data, address, peerPort)
    })
    if (typeof socket === 'string') return socket
    relay = { family, port, socket, allocation: null }
    this.#used[family].set(port, relay)
    return relay
  }
}

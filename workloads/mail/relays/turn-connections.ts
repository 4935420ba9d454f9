/**
 * Clients that speak TURN on the HTTPS port (RFC 8656 §3.1: over TCP and TLS): networks that let nothing else out let them
 * call through it. Each is handed over to a relay with a header that names it.
 */
import type { Socket } from 'node:net'
import { type Keyring, signingKey } from '../../contract/keyring.ts'
import type { Relays } from '../../contract/relays.ts'
import { type HandedOver, handOverHeader } from '../../kit/hand-over/header.ts'
import { connectRelay, join, type RelayBehind } from './join.ts'

/** The ALPN name of TURN (RFC 7443 §3). Browsers send none. */
export const turnAlpn = 'stun.turn'

/** Requests of STUN and TURN start with it (RFC 8489 §5), and no record of TLS nor request of HTTP does. */
export const turnFirstByte = 0x00

export type TurnConnectionsOptions = {
  relays: () => Relays
  keyring: () => Keyring
  /** Below `below`, for a relay by chance. */
  random: (below: number) => number
  /** Unix milliseconds. */
  now: () => number
}

const targetsOf = ({ turn }: Relays): RelayBehind[] =>
  turn.flatMap(({ state, handOver }) => (state === 'ready' && handOver ? [handOver] : []))

/** The first of them that is there, beginning with the one at `start`. @throws Error when none is */
const connectAny = async (targets: readonly RelayBehind[], start: number): Promise<Socket> => {
  let failure = new Error('there is no relay')
  for (const target of [...targets.slice(start), ...targets.slice(0, start)])
    try {
      return await connectRelay(target)
    } catch (error) {
      failure = error as Error
    }
  throw failure
}

export class TurnConnections {
  readonly #options: TurnConnectionsOptions
  readonly #open = new Set<Socket>()

  constructor(options: TurnConnectionsOptions) {
    this.#options = options
  }

  /** A client without a relay to serve it is closed. */
  accept(socket: Socket, { secure }: { secure: boolean }): void {
    const { relays, random } = this.#options
    const targets = targetsOf(relays())
    const { remoteAddress: address, remotePort: port } = socket
    if (targets.length === 0 || address === undefined || port === undefined) {
      socket.destroy()
      return
    }
    this.#open.add(socket)
    socket.on('error', () => undefined).once('close', () => this.#open.delete(socket))
    connectAny(targets, random(targets.length)).then(
      (relay) => join(socket, relay, this.#header({ address, port, secure })),
      () => socket.destroy(),
    )
  }

  #header(client: HandedOver): Buffer {
    const { keyring, now } = this.#options
    return handOverHeader(client, signingKey(keyring()).secret, Math.floor(now() / 1000))
  }

  counts(): { turnConnections: number } {
    return { turnConnections: this.#open.size }
  }

  stop(): void {
    for (const socket of this.#open) socket.destroy()
  }
}

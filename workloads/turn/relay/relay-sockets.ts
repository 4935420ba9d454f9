/** Relay sockets on node:dgram. */
import type { Family } from '../../kit/address/text.ts'
import type { OpenRelaySocket } from '../allocations/allocation.ts'
import { createUdpSocket, sendDatagram } from './udp-socket.ts'

export type RelaySocketOptions = {
  /** Local address to bind for each family; null where it is off. */
  addresses: Readonly<Record<Family, string | null>>
  /** Told of each error of a bound socket, such as an ICMP answer of an unreachable peer. */
  failed: () => void
}

/**
 * Opens a relay socket. The bind is over when `bind` returns because the lookup is synchronous; if that ever changes,
 * the socket counts as failed instead of being half open.
 */
export const relaySockets =
  ({ addresses, failed }: RelaySocketOptions): OpenRelaySocket =>
  (family, port, receive) => {
    const address = addresses[family]
    if (address === null) return 'failed'
    const socket = createUdpSocket(family)
    const bind: { outcome: 'bound' | 'taken' | 'failed' } = { outcome: 'failed' }
    socket.once('listening', () => {
      bind.outcome = 'bound'
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (bind.outcome === 'bound') failed()
      else bind.outcome = error.code === 'EADDRINUSE' ? 'taken' : 'failed'
    })
    socket.bind({ address, port, exclusive: true })
    if (bind.outcome !== 'bound') {
      socket.close()
      return bind.outcome
    }
    socket.on('message', (data, sender) => receive(data, sender.address, sender.port))
    return {
      send: (data, peerPort, peer) => sendDatagram(socket, data, peerPort, peer),
      close: () => socket.close(),
    }
  }

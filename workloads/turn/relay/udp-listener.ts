/** Client sockets on node:dgram: one for each address that is listened on. */
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { listenError } from '../../kit/lifecycle/listen.ts'
import { familyOf } from '../address/text.ts'
import type { TurnEngine } from '../allocations/engine.ts'
import { createUdpSocket, sendDatagram } from './udp-socket.ts'

export type Listener = { close(): void }

/** What a machine without IPv6 answers; the wildcard then stands for nothing. */
export const absentFamily: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

const serve = (socket: Socket, engine: TurnEngine): void => {
  const side = engine.attach({
    protocol: 'udp',
    stream: false,
    send: (bytes, port, address) => {
      sendDatagram(socket, bytes, port, address)
      return true
    },
  })
  socket.on('message', (bytes, client) => {
    // A forged source port of zero cannot be answered.
    if (client.port !== 0) engine.receive(side, bytes, client.address, client.port)
  })
}

/**
 * Listens on one address; null when it is `::` and the machine has no IPv6. `failed` is told of each later error.
 * @throws ListenError
 */
export const listenUdp = async (
  engine: TurnEngine,
  address: string,
  port: number,
  failed: () => void,
): Promise<Listener | null> => {
  const socket = createUdpSocket(familyOf(address))
  try {
    // The bind is over before it returns, so who waits must be there first.
    const listening = once(socket, 'listening')
    socket.bind({ address, port, exclusive: true })
    await listening
  } catch (error) {
    socket.close()
    const { code } = error as NodeJS.ErrnoException
    if (address === '::' && absentFamily.has(code ?? '')) return null
    throw listenError('turn', port, error as NodeJS.ErrnoException)
  }
  socket.on('error', failed)
  serve(socket, engine)
  return { close: () => socket.close() }
}

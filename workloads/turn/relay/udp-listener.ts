/** Client sockets on node:dgram: one for each address that is listened on. */
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { familyOf } from '../../kit/address/text.ts'
import { listenError } from '../../kit/lifecycle/listen.ts'
import type { TurnEngine } from '../allocations/engine.ts'
import { createUdpSocket, sendDatagram } from './udp-socket.ts'

export type Listener = { close(): void }

/** What a machine without IPv6 answers; the wildcard then stands for nothing. */
export const absentFamily: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

const serve = (socket: Socket, engine: TurnEngine, serving: () => boolean): void => {
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
    if (client.port !== 0 && serving()) engine.receive(side, bytes, client.address, client.port)
  })
}

/** A bound socket; null when `address` is `::` and the machine has no IPv6. @throws ListenError */
export const bindUdp = async (address: string, port: number, reusePort = false): Promise<Socket | null> => {
  const socket = createUdpSocket(familyOf(address), reusePort)
  try {
    // The bind is over before it returns, so who waits must be there first.
    const listening = once(socket, 'listening')
    socket.bind({ address, port, exclusive: true })
    await listening
    return socket
  } catch (error) {
    socket.close()
    const { code } = error as NodeJS.ErrnoException
    if (address === '::' && absentFamily.has(code ?? '')) return null
    throw listenError('turn', port, error as NodeJS.ErrnoException)
  }
}

/**
 * Listens on one address; null when it is `::` and the machine has no IPv6. `failed` is told of each later error. While
 * `serving` says no, what arrives is dropped.
 * @throws ListenError
 */
export const listenUdp = async (
  engine: TurnEngine,
  address: string,
  port: number,
  failed: () => void,
  { reusePort = false, serving = () => true }: { reusePort?: boolean; serving?: () => boolean } = {},
): Promise<Listener | null> => {
  const socket = await bindUdp(address, port, reusePort)
  if (!socket) return null
  socket.on('error', failed)
  serve(socket, engine, serving)
  return { close: () => socket.close() }
}

/** The connection of a client to its server: UDP, TCP or TLS, one message at a time. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type SecureContextOptions } from 'node:tls'
import { familyOf } from '../../kit/address/text.ts'
import { MessageStream } from '../stun/stream.ts'

export type Protocol = 'udp' | 'tcp' | 'tls'

export type Link = {
  readonly protocol: Protocol
  /** Messages follow each other without bounds, so that ChannelData is padded. */
  readonly stream: boolean
  send(bytes: Buffer): void
  close(): void
}

export type LinkEvents = {
  /** One message of the server. */
  message: (bytes: Buffer) => void
  /** The link is of no more use; `code` is the system's, `CLOSED`, or `NOT_TURN` where what came is none of it. */
  failed: (code: string) => void
}

export type LinkOptions = {
  protocol: Protocol
  /** An address, never a name. */
  address: string
  port: number
  /** Where the client's own socket is bound; any address otherwise. */
  localAddress?: string
  /** For TLS: the name that the certificate must be for, and further authorities. `verify: false` takes any. */
  tls?: { name?: string; verify: boolean } & Pick<SecureContextOptions, 'ca'>
  signal: AbortSignal
}

/** For a server that was asked for as `host`: its certificate is for that name, or for the address where it is one. */
export const tlsFor = (host: string, verify: boolean): LinkOptions['tls'] => ({
  verify,
  ...(isIP(host) ? {} : { name: host }),
})

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).name

/** Connected, so that the system tells of a closed port. */
const openUdp = async ({ address, port, localAddress, signal }: LinkOptions, events: LinkEvents): Promise<Link> => {
  const socket = createSocket({ type: familyOf(address) === 4 ? 'udp4' : 'udp6' })
  try {
    if (localAddress) {
      socket.bind({ address: localAddress })
      await once(socket, 'listening', { signal })
    }
    socket.connect(port, address)
    await once(socket, 'connect', { signal })
  } catch (error) {
    socket.close()
    throw error
  }
  socket.on('message', events.message).on('error', (error) => events.failed(codeOf(error)))
  return {
    protocol: 'udp',
    stream: false,
    send: (bytes) => socket.send(bytes),
    close: () => socket.close(),
  }
}

const tlsSocket = ({ address, port, localAddress, tls }: LinkOptions): Socket =>
  connectTls({
    host: address,
    port,
    rejectUnauthorized: tls?.verify ?? true,
    ...(localAddress ? { localAddress } : {}),
    ...(tls?.name ? { servername: tls.name } : {}),
    ...(tls?.ca ? { ca: tls.ca } : {}),
  })

/** Until a channel is bound only messages of STUN come; HTTP and what else greets with letters would pass for ChannelData. */
const startsOtherwise = (first: Buffer): boolean => first[0]! >= 0x40

const openStream = async (options: LinkOptions, events: LinkEvents): Promise<Link> => {
  const { protocol, address, port, localAddress, signal } = options
  const socket =
    protocol === 'tls'
      ? tlsSocket(options)
      : connect({ host: address, port, ...(localAddress ? { localAddress } : {}) })
  try {
    await once(socket, protocol === 'tls' ? 'secureConnect' : 'connect', { signal })
  } catch (error) {
    socket.destroy()
    throw error
  }
  socket.setNoDelay(true)
  const messages = new MessageStream()
  const notTurn = (): void => {
    events.failed('NOT_TURN')
    socket.destroy()
  }
  let first = true
  socket.on('data', (chunk) => {
    if (first && startsOtherwise(chunk)) return notTurn()
    first = false
    for (const message of messages.take(chunk)) events.message(message)
    if (messages.failure) notTurn()
  })
  socket.on('error', (error) => events.failed(codeOf(error))).on('close', () => events.failed('CLOSED'))
  return {
    protocol,
    stream: true,
    send: (bytes) => void socket.write(bytes),
    close: () => socket.destroy(),
  }
}

/** Connects. @throws Error with the system's or TLS's code */
export const openLink = (options: LinkOptions, events: LinkEvents): Promise<Link> =>
  options.protocol === 'udp' ? openUdp(options, events) : openStream(options, events)

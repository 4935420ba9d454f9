/** A client's way to `/relay`: the bare stream of Iroh 0.35, or a WebSocket. Errors are words for whoever asked. */
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { WebSocket } from 'ws'
import { FrameReader } from '../legacy/frame-reader.ts'
import { legacyForm, type MessageForm, modernForm } from '../transport/web-socket.ts'
import { RelayError } from './relay-error.ts'

/** How certificates are judged; by default as clients do, with the roots that Mozilla trusts. */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'rejectUnauthorized' | 'servername'>

/** Where to connect to instead of the URL's own host and port; what is said there stays the same. */
export type Via = { host: string; port: number }

export type Route = TlsOptions & { via?: Via }

export type Link = {
  send: (frame: Buffer) => void
  /** Ends at once. */
  close: () => void
  pause: () => void
  resume: () => void
}

export type LinkEvents = {
  /** Comes before any frame. */
  opened: (link: Link) => void
  frame: (frame: Buffer) => void
  closed: () => void
}

const endOfHead = '\r\n\r\n'
const maxHeadBytes = 8192

export const isSecure = ({ protocol }: URL): boolean => protocol === 'https:'

export const portOf = (url: URL): number => Number(url.port || (isSecure(url) ? 443 : 80))

/** Name resolution takes addresses of IPv6 without their brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

/** A socket to the URL's origin. @throws the system's error, or that of TLS */
export const connectTo = (url: URL, { via, ...tls }: Route, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const host = hostOf(url)
    const target = via ?? { host, port: portOf(url) }
    const ready = () => resolve(socket.off('error', reject))
    const socket = isSecure(url)
      ? connectTls({ ...target, servername: isIP(host) ? '' : host, ...tls }, ready)
      : connectPlain(target, ready)
    socket.setNoDelay(true).once('error', reject)
    signal.addEventListener('abort', () => socket.destroy(signal.reason as Error), { once: true })
  })

/** As the stock client sends it: without a Connection header. */
const requestOf = (url: URL): string => `GET /relay HTTP/1.1\r\nupgrade: iroh derp http\r\nhost: ${url.host}\r\n\r\n`

const statusOf = (head: string): string => /^HTTP\/1\.[01] (\d{3}[^\r]*)/.exec(head)?.[1] ?? 'something else than HTTP'

/** Resolves to what came after the answer's head. @throws RelayError when it is no 101 */
const switchProtocols = (socket: Socket, url: URL): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let head = Buffer.alloc(0)
    const lost = () => reject(new RelayError('CLOSED', 'the connection was closed before the upgrade was answered'))
    const take = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf(endOfHead)
      if (end < 0 && head.length < maxHeadBytes) return
      socket.off('data', take).off('close', lost).pause()
      const status = statusOf(head.toString('latin1', 0, Math.max(end, 0)))
      if (status.startsWith('101')) resolve(head.subarray(end + endOfHead.length))
      else reject(new RelayError('UPGRADE', `the upgrade was answered with ${status}`))
    }
    socket.on('data', take).once('close', lost).once('error', reject)
    socket.write(requestOf(url))
  })

/** The bare stream. @throws RelayError with words that say what the server did */
export const openStream = async (url: URL, route: Route, events: LinkEvents, signal: AbortSignal): Promise<void> => {
  const socket = await connectTo(url, route, signal)
  try {
    const rest = await switchProtocols(socket, url)
    const reader = new FrameReader(null)
    const take = (frame: Buffer): boolean => {
      events.frame(frame)
      return true
    }
    socket.on('data', (chunk: Buffer) => {
      if (!reader.push(chunk, take)) socket.destroy()
    })
    socket.on('error', () => socket.destroy()).on('close', events.closed)
    events.opened({
      send: (frame) => void socket.write(frame),
      close: () => void socket.destroy(),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    })
    if (rest.length > 0) socket.unshift(rest)
    socket.resume()
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** A WebSocket with these sub-protocols, or none. @throws RelayError with words that say what the server did */
export const openWebSocket = async (
  url: URL,
  route: Route,
  protocols: string[],
  events: LinkEvents,
  signal: AbortSignal,
): Promise<void> => {
  const stream = await connectTo(url, route, signal)
  const target = new URL('/relay', url)
  target.protocol = isSecure(url) ? 'wss:' : 'ws:'
  const form: MessageForm = protocols.length > 0 ? modernForm : legacyForm
  const socket = new WebSocket(target, protocols, {
    createConnection: () => stream,
    perMessageDeflate: false,
    maxPayload: 1024 * 1024,
  })
  socket.on('message', (message) => {
    const frame = form.read(message as Buffer)
    if (frame) events.frame(frame)
  })
  socket.on('close', events.closed)
  await opened(socket, form, events)
  socket.on('error', () => socket.terminate())
}

const opened = (socket: WebSocket, form: MessageForm, events: LinkEvents): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      reject(new RelayError('UPGRADE', `the upgrade was answered with ${response.statusCode}`))
      socket.terminate()
    })
    socket.once('open', () => {
      events.opened({
        send: (frame) => socket.send(form.write(frame), { binary: true }, () => {}),
        close: () => socket.terminate(),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
      })
      resolve()
    })
  })

/** From a request to `/relay` to a connection of the relay. */
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { SourceBuckets } from '../../kit/limits/token-bucket.ts'
import type { Refusal } from '../clients/counters.ts'
import type { Dialect } from '../clients/dialect.ts'
import type { Relay } from '../clients/relay.ts'
import { legacyDialect } from '../legacy/dialect.ts'
import type { Source } from '../limits/sources.ts'
import { modernDialect } from '../modern/dialect.ts'
import { maxMessageBytes } from '../modern/frames.ts'
import { streamTransport } from '../transport/stream.ts'
import { legacyForm, type MessageForm, modernForm, webSocketTransport } from '../transport/web-socket.ts'
import { chosenSubProtocol, type Route, routeOf } from './dispatch.ts'
import { refuse, type Upgrade } from './front.ts'

const switching = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: iroh derp http\r\nConnection: upgrade\r\n\r\n'

/** A datagram of Iroh 0.35 has its receiver's key beside the 64 KiB. */
const keyBytes = 32

const webSockets: Partial<Record<Route, { dialect: Dialect; form: MessageForm }>> = {
  'legacy-web-socket': { dialect: legacyDialect, form: legacyForm },
  'modern-1': { dialect: modernDialect(1), form: modernForm },
  'modern-2': { dialect: modernDialect(2), form: modernForm },
}

export type UpgradeOptions = {
  relay: Relay
  /** New connections of each source. */
  buckets: SourceBuckets
  maxSessions: number
  draining: () => boolean
  now: () => number
}

const refusalOf = (route: Route, source: Source, options: UpgradeOptions): Refusal | null => {
  const { relay, buckets, maxSessions, draining, now } = options
  if (draining()) return 'draining'
  if (route === 'unknown') return 'bad_upgrade'
  if (relay.sessions.size >= maxSessions) return 'full'
  return buckets.take(source.name, now()) ? null : 'too_fast'
}

const webSocketServer = ({ relay }: UpgradeOptions): WebSocketServer =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes + keyBytes,
    maxFragments: 64,
    maxBufferedChunks: 1024,
    handleProtocols: chosenSubProtocol,
  }).on('wsClientError', (_error, socket) => refuse(socket as Socket, relay.counters, 'bad_upgrade'))

export const createUpgrade = (options: UpgradeOptions): Upgrade => {
  const { relay } = options
  const server = webSocketServer(options)
  return (request, socket, head, source) => {
    const route = routeOf(request.headers.upgrade, request.headers['sec-websocket-protocol'])
    const refusal = refusalOf(route, source, options)
    if (refusal) return refuse(socket, relay.counters, refusal)
    socket.setNoDelay(true)
    const web = webSockets[route]
    if (web)
      server.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
        relay.open(web.dialect, source, (events) => webSocketTransport(webSocket, socket, web.form, events))
      })
    else {
      socket.write(switching)
      relay.open(legacyDialect, source, (events) => streamTransport(socket, head, events))
    }
  }
}

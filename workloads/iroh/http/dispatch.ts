/** What a request to `/relay` asks for, from its headers alone. */
import { pathOf, relayPaths } from '../../contract/iroh-paths.ts'

export type Route = 'legacy-stream' | 'legacy-web-socket' | 'modern-1' | 'modern-2' | 'unknown'

/** The newest first: that is taken of several. */
const subProtocols = [
  ['iroh-relay-v2', 'modern-2'],
  ['iroh-relay-v1', 'modern-1'],
] as const

export const isRelayPath = (url: string | undefined): boolean => relayPaths.has(pathOf(url))

/** The sub-protocols that a client offers, in its order. */
const offered = (header: string): string[] => header.split(',').map((name) => name.trim())

/** The sub-protocol that goes back to the client. */
export const chosenSubProtocol = (protocols: ReadonlySet<string>): string | false =>
  subProtocols.find(([name]) => protocols.has(name))?.[0] ?? false

/** `upgrade` and `protocols` are the headers Upgrade and Sec-WebSocket-Protocol. */
export const routeOf = (upgrade: string | undefined, protocols: string | undefined): Route => {
  if (upgrade === 'iroh derp http') return 'legacy-stream'
  if (upgrade?.toLowerCase() !== 'websocket') return 'unknown'
  if (protocols === undefined) return 'legacy-web-socket'
  const names = new Set(offered(protocols))
  return subProtocols.find(([name]) => names.has(name))?.[1] ?? 'unknown'
}

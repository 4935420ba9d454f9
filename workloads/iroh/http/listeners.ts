/** The sockets of a relay: plain, with TLS, and for a server in front of this one. */
import { createServer as createPlainServer, type Server } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import type { IrohConfig } from '../../contract/iroh-config.ts'
import { listen } from '../../kit/lifecycle/listen.ts'
import type { CertificatePair } from '../../kit/mounts/parse.ts'
import { tlsSettings } from '../../kit/tls/settings.ts'
import type { Front } from './front.ts'

export type ListenersOptions = {
  config: IrohConfig
  front: Front
  /** Null where nothing is served with TLS. */
  certificate: CertificatePair | null
  onTlsFailure: () => void
}

const tlsServer = (certificate: CertificatePair, { front, config, onTlsFailure }: ListenersOptions): TlsServer =>
  createTlsServer(
    {
      ...certificate,
      ...tlsSettings,
      // Clients of the relay offer nothing; those that only look at `/ping` offer HTTP/2 too.
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: config.limits.handshake * 1000,
      noDelay: true,
    },
    (socket) => front.accept(socket, 'direct'),
  ).on('tlsClientError', (_error, socket) => {
    onTlsFailure()
    socket.destroy()
  })

export class Listeners {
  #all: Server[] = []
  #secure: TlsServer[] = []

  /** Binds every listener that has a port. @throws ListenError */
  static async open(options: ListenersOptions): Promise<Listeners> {
    const { config, front, certificate } = options
    const { listenAddress, proxied } = config
    const { http, https } = config.listen
    const listeners = new Listeners()
    const accept = (way: 'direct' | 'proxied') =>
      createPlainServer({ noDelay: true }, (socket) => front.accept(socket, way))
    if (http !== null) await listeners.#add('http', accept('direct'), http, listenAddress, config)
    if (proxied) await listeners.#add('proxied', accept('proxied'), proxied.port, proxied.address, config)
    if (https !== null && certificate) {
      const server = tlsServer(certificate, options)
      await listeners.#add('https', server, https, listenAddress, config)
      listeners.#secure.push(server)
    }
    return listeners
  }

  /** New handshakes get this certificate; connections go on. */
  renew(certificate: CertificatePair): void {
    for (const server of this.#secure) server.setSecureContext({ ...certificate, ...tlsSettings })
  }

  /** Takes no new connections. */
  close(): void {
    for (const server of this.#all) server.close()
  }

  async #add(purpose: string, server: Server, port: number, address: string, { limits }: IrohConfig): Promise<void> {
    server.maxConnections = limits.connections
    await listen(server, purpose, port, address)
    this.#all.push(server)
  }
}

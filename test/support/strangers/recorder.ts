/**
 * Takes down what a real client sends: a listener on loopback between it and the server, and a TURN client that keeps
 * its datagrams.
 */
import { once } from 'node:events'
import { type AddressInfo, connect as connectPlain, createServer, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import { TurnClient, type TurnLogin, type TurnServerAddress, udpSocket } from '../turn-client.ts'

export type Target = { port: number; secure: boolean }

/** Both directions between a client and the server. */
const join = (client: Socket, { port, secure }: Target, taken: Buffer[]): void => {
  const server = secure
    ? connectSecure({ port, host: '127.0.0.1', rejectUnauthorized: false })
    : connectPlain({ port, host: '127.0.0.1' })
  client.on('data', (bytes) => taken.push(bytes))
  client.pipe(server).pipe(client)
  for (const socket of [client, server])
    socket.on('error', () => {
      client.destroy()
      server.destroy()
    })
}

/**
 * What the client in `use`, told to connect to the port that it is given, sends to the server, of all its connections.
 * With `secure` it speaks in clear to the recorder and the recorder TLS to the server; without, all goes through as it is.
 */
export const record = async (target: Target, use: (port: number) => Promise<unknown>): Promise<Buffer[]> => {
  const sessions: Buffer[][] = []
  const listener = createServer((client) => {
    const taken: Buffer[] = []
    sessions.push(taken)
    join(client, target, taken)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  try {
    await use((listener.address() as AddressInfo).port)
  } finally {
    listener.close()
  }
  return sessions.map((taken) => Buffer.concat(taken))
}

export class RecordingTurnClient extends TurnClient {
  readonly sent: Buffer[] = []

  static override async open(server: TurnServerAddress, login: TurnLogin): Promise<RecordingTurnClient> {
    return new RecordingTurnClient(await udpSocket('0.0.0.0'), server, login)
  }

  override send(bytes: Buffer): void {
    this.sent.push(bytes)
    super.send(bytes)
  }
}

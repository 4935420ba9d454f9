/** What real Iroh clients and a relay have said to each other, byte by byte, in the order in which it was said. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export type Said = {
  /** Which connection, from 0 in the order in which they were made. */
  connection: number
  by: 'client' | 'relay'
  /** Base64. */
  bytes: string
}

export type Recording = { library: string; said: Said[] }

/** Stands between clients and a relay and writes down what passes. */
export class Recorder {
  readonly said: Said[] = []
  #server: Server
  #connections = 0
  #sockets = new Set<Socket>()

  constructor(relayPort: number) {
    this.#server = createServer({ noDelay: true }, (client) => {
      const connection = this.#connections++
      const relay = connect({ port: relayPort, host: '127.0.0.1', noDelay: true })
      this.#pass(client, relay, connection, 'client')
      this.#pass(relay, client, connection, 'relay')
    })
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #pass(from: Socket, to: Socket, connection: number, by: Said['by']): void {
    this.#sockets.add(from)
    from.on('error', () => from.destroy())
    from.on('close', () => to.destroy())
    from.on('data', (chunk) => {
      this.#note(connection, by, chunk)
      to.write(chunk)
    })
  }

  #note(connection: number, by: Said['by'], chunk: Buffer): void {
    const last = this.said.at(-1)
    if (last?.connection === connection && last.by === by)
      last.bytes = Buffer.concat([Buffer.from(last.bytes, 'base64'), chunk]).toString('base64')
    else this.said.push({ connection, by, bytes: chunk.toString('base64') })
  }
}

/** All that one side of a connection has said. */
export const saidBy = ({ said }: Recording, connection: number, by: Said['by']): Buffer =>
  Buffer.concat(
    said
      .filter((item) => item.connection === connection && item.by === by)
      .map(({ bytes }) => Buffer.from(bytes, 'base64')),
  )

export const connectionsOf = ({ said }: Recording): number[] => [...new Set(said.map(({ connection }) => connection))]

const endOfHead = '\r\n\r\n'

/** Without the head of the request or answer. */
export const afterHead = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf(endOfHead) + endOfHead.length)

export const headOf = (bytes: Buffer): string => bytes.toString('latin1', 0, bytes.indexOf(endOfHead))

/** A TLS connection of the load generator: writes go out at once, replies are read a line or a byte count at a time. */
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'

type Wanted = { take: () => Buffer | null; resolve: (bytes: Buffer) => void; reject: (error: Error) => void }

export class Connection {
  #socket: TLSSocket
  #buffer: Buffer = Buffer.alloc(0)
  #wanted: Wanted | null = null
  #ended: Error | null = null

  private constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => {
      this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes])
      this.#offer()
    })
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(new Error('the server closed the connection')))
  }

  /** A full handshake each time: no session is resumed. */
  static async open(port: number, host = '127.0.0.1'): Promise<Connection> {
    const socket = connect({ port, host, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    return new Connection(socket)
  }

  write(data: string | Buffer): void {
    this.#socket.write(data)
  }

  /** The next line without its CRLF. */
  async line(): Promise<string> {
    const bytes = await this.#read(() => {
      const end = this.#buffer.indexOf(10)
      return end < 0 ? null : this.#cut(end + 1)
    })
    return bytes.toString('latin1').trimEnd()
  }

  bytes(count: number): Promise<Buffer> {
    return this.#read(() => (this.#buffer.length < count ? null : this.#cut(count)))
  }

  /** Resolves when the connection is gone. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return
    this.#socket.end()
    this.#socket.destroySoon()
    await once(this.#socket, 'close')
  }

  #cut(count: number): Buffer {
    const bytes = this.#buffer.subarray(0, count)
    this.#buffer = this.#buffer.subarray(count)
    return bytes
  }

  #read(take: () => Buffer | null): Promise<Buffer> {
    const bytes = take()
    if (bytes) return Promise.resolve(bytes)
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      this.#wanted = { take, resolve, reject }
    })
  }

  #offer(): void {
    const bytes = this.#wanted?.take()
    if (!bytes) return
    const { resolve } = this.#wanted!
    this.#wanted = null
    resolve(bytes)
  }

  #end(error: Error): void {
    this.#ended ??= error
    this.#wanted?.reject(this.#ended)
    this.#wanted = null
  }
}

/** A bare IMAP client for tests: sends what it is told and reads responses with their literals. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'

const literal = /\{(\d+)\}\r\n$/

export class Client {
  socket: Socket
  greeting = ''
  #input = ''
  #ended = false
  #wake: (() => void) | null = null
  #tags = 0
  #write: (data: string | Buffer) => void

  constructor(socket: Socket) {
    this.socket = socket
    this.#write = (data) => void socket.write(data)
    this.#listen(socket)
  }

  static async connect(port: number, secure: boolean): Promise<Client> {
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false }
    const client = new Client(secure ? connectTls(options) : connect(options))
    client.greeting = await client.response()
    return client
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk) => this.#received(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      this.#wake?.()
    })
  }

  #received(chunk: Buffer): void {
    this.#input += chunk.toString('latin1')
    this.#wake?.()
  }

  /** Raw octets, one per character. */
  write(data: string | Buffer): void {
    this.#write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
  }

  /** Continues over TLS on the same connection. */
  async secure(): Promise<void> {
    this.socket.removeAllListeners('data')
    const secure = connectTls({ socket: this.socket, rejectUnauthorized: false })
    await new Promise((resolve, reject) => secure.once('secureConnect', () => resolve(null)).once('error', reject))
    this.socket = secure
    this.#write = (data) => void secure.write(data)
    this.#listen(secure)
  }

  /** From here on both directions are deflated. */
  compress(): void {
    const { socket } = this
    const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH })
    const inflate = createInflateRaw()
    socket.removeAllListeners('data')
    deflate.on('data', (chunk) => socket.write(chunk))
    inflate.on('data', (chunk) => this.#received(chunk))
    socket.on('data', (chunk) => inflate.write(chunk))
    this.#write = (data) => void deflate.write(data)
  }

  /** The next response with its literals, without the last line end; '' when the connection has ended. */
  async response(): Promise<string> {
    for (;;) {
      const response = this.#take()
      if (response !== null) return response
      if (this.#ended) return ''
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #take(): string | null {
    for (let at = 0; ; ) {
      const end = this.#input.indexOf('\r\n', at)
      if (end < 0) return null
      const match = literal.exec(this.#input.slice(at, end + 2))
      at = end + 2 + (match ? Number(match[1]) : 0)
      if (match) continue
      const response = this.#input.slice(0, end)
      this.#input = this.#input.slice(at)
      return response
    }
  }

  /** Responses up to one that begins with `prefix`, that one included. */
  async until(prefix: string): Promise<string[]> {
    const responses: string[] = []
    for (;;) {
      const response = await this.response()
      responses.push(response)
      if (response.startsWith(prefix) || response === '') return responses
    }
  }

  /** Sends a command; responses up to its tagged one, from which the tag is taken. */
  async command(text: string): Promise<string[]> {
    const tag = `T${++this.#tags}`
    this.write(`${tag} ${text}\r\n`)
    return this.reply(tag)
  }

  async reply(tag: string): Promise<string[]> {
    const responses = await this.until(`${tag} `)
    return [...responses.slice(0, -1), responses.at(-1)!.slice(tag.length + 1)]
  }

  /** The tagged reply alone. */
  async status(text: string): Promise<string> {
    return (await this.command(text)).at(-1)!
  }

  /** Reads until the server closes; what it said. */
  async end(): Promise<string> {
    let all = ''
    for (let response = await this.response(); response !== ''; response = await this.response()) all += `${response}\n`
    return all + this.#input
  }

  close(): void {
    this.socket.destroy()
  }
}

/** As much of an SMTP client as the load needs: pipelined as Delta Chat does it (RFC 2920). */
import { Connection } from './connection.ts'

export class SmtpClient {
  #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async open(port: number, address: string, password: string): Promise<SmtpClient> {
    const client = new SmtpClient(await Connection.open(port))
    await client.#reply('220')
    client.#connection.write('EHLO [127.0.0.1]\r\n')
    await client.#reply('250')
    client.#connection.write(`AUTH PLAIN ${Buffer.from(`\0${address}\0${password}`).toString('base64')}\r\n`)
    await client.#reply('235')
    return client
  }

  /** Resolves when the server has acknowledged the message. `content` ends with CRLF and has no line that begins with a dot. */
  async send(from: string, to: string, content: Buffer): Promise<void> {
    this.#connection.write(`MAIL FROM:<${from}> BODY=8BITMIME\r\nRCPT TO:<${to}>\r\nDATA\r\n`)
    await this.#reply('250')
    await this.#reply('250')
    await this.#reply('354')
    this.#connection.write(Buffer.concat([content, Buffer.from('.\r\n')]))
    await this.#reply('250')
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #reply(code: string): Promise<void> {
    let line = await this.#connection.line()
    while (line[3] === '-') line = await this.#connection.line()
    if (!line.startsWith(code)) throw new Error(`expected ${code}: ${line}`)
  }
}

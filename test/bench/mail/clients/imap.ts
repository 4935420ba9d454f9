/** As much of an IMAP client as the load needs; it reads literals by their length and understands nothing else. */
import { Connection } from './connection.ts'

export class ImapClient {
  #connection: Connection
  #tag = 0

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async open(port: number): Promise<ImapClient> {
    const client = new ImapClient(await Connection.open(port))
    await client.#connection.line()
    return client
  }

  async login(address: string, password: string): Promise<void> {
    await this.command(`LOGIN "${address}" "${password}"`)
  }

  /** Sends one command and reads to its tagged OK. Resolves to the number of octets in literals. @throws Error otherwise */
  async command(text: string): Promise<number> {
    const tag = `A${++this.#tag}`
    this.#connection.write(`${tag} ${text}\r\n`)
    return this.#until(tag)
  }

  /** Enters IDLE; `next` resolves when the server tells of new mail, and has left IDLE then. */
  async idle(): Promise<{ next: () => Promise<void> }> {
    const tag = `A${++this.#tag}`
    this.#connection.write(`${tag} IDLE\r\n`)
    const told = (line: string) => /^\* \d+ EXISTS/.test(line)
    let early = false
    for (let line = ''; !line.startsWith('+'); early ||= told(line)) line = await this.#connection.line()
    return {
      next: async () => {
        while (!early && !told(await this.#connection.line()));
        this.#connection.write('DONE\r\n')
        await this.#until(tag)
      },
    }
  }

  /** Number of messages in the INBOX, which need not be selected. */
  async messages(): Promise<number> {
    const tag = `A${++this.#tag}`
    this.#connection.write(`${tag} STATUS "INBOX" (MESSAGES)\r\n`)
    let messages = 0
    await this.#until(tag, (line) => {
      messages = Number(/^\* STATUS .*\(MESSAGES (\d+)\)/.exec(line)?.[1] ?? messages)
    })
    return messages
  }

  /** Number of messages that SELECT tells. */
  async select(): Promise<number> {
    const tag = `A${++this.#tag}`
    this.#connection.write(`${tag} SELECT "INBOX"\r\n`)
    let exists = 0
    await this.#until(tag, (line) => {
      exists = Number(/^\* (\d+) EXISTS/.exec(line)?.[1] ?? exists)
    })
    return exists
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #until(tag: string, untagged: (line: string) => void = () => {}): Promise<number> {
    let octets = 0
    for (;;) {
      const line = await this.#connection.line()
      if (line.startsWith(`${tag} `)) {
        if (!line.startsWith(`${tag} OK`)) throw new Error(line)
        return octets
      }
      const literal = /\{(\d+)\}$/.exec(line)
      if (literal) octets += (await this.#connection.bytes(Number(literal[1]))).length
      else untagged(line)
    }
  }
}

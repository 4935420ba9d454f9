/** coturn as a process of its own on loopback, with the REST secret that our ring signs with. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { findProgram } from './oracle.ts'
import { TurnClient } from './turn-client.ts'

export type CoturnOptions = {
  port: number
  secret: string
  realm: string
  relay: { min: number; max: number }
  more?: string[]
}

export class Coturn {
  readonly port: number
  readonly #process: ChildProcess
  readonly #dir: string
  #output = ''

  private constructor({ port, secret, realm, relay, more = [] }: CoturnOptions) {
    this.port = port
    this.#dir = mkdtempSync(join(tmpdir(), 'chatmail-coturn-'))
    const args = ['-n', '--no-cli', '--log-file=stdout', '--simple-log', '--no-tls', '--no-dtls', '-L', '127.0.0.1']
    const relaying = ['-E', '127.0.0.1', '--min-port', String(relay.min), '--max-port', String(relay.max)]
    const auth = ['--use-auth-secret', '--static-auth-secret', secret, '-r', realm, '--allow-loopback-peers']
    const own = ['--pidfile', join(this.#dir, 'pid'), '--userdb', join(this.#dir, 'db'), '-p', String(port)]
    this.#process = spawn(findProgram('turnserver')!, [...args, ...relaying, ...auth, ...own, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.#dir,
    })
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
  }

  /** Resolves when it answers. @throws Error with what it said when it does not */
  static async start(options: CoturnOptions): Promise<Coturn> {
    const coturn = new Coturn(options)
    const client = await TurnClient.open({ host: '127.0.0.1', port: options.port }, { username: '', password: '' })
    try {
      await eventually(() => client.challenge())
    } catch {
      await coturn.stop()
      throw new Error(`coturn does not answer: ${coturn.#output}`)
    } finally {
      client.close()
    }
    return coturn
  }

  get pid(): number {
    return this.#process.pid!
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const exited = new Promise((resolve) => this.#process.once('exit', resolve))
      this.#process.kill('SIGKILL')
      await exited
    }
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

/** node-turn 0.0.6 as a process of its own, because some of what it is asked ends it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { eventually } from './eventually.ts'
import { TurnClient, type TurnLogin } from './turn-client.ts'

export type NodeTurnOptions = { port: number; login: TurnLogin; realm: string; relay: { min: number; max: number } }

const program = (options: NodeTurnOptions): string => `
  const Turn = require('node-turn')
  const { port, login, realm, relay } = ${JSON.stringify(options)}
  new Turn({
    listeningPort: port, listeningIps: ['127.0.0.1'], relayIps: ['127.0.0.1'], externalIps: '127.0.0.1',
    minPort: relay.min, maxPort: relay.max, authMech: 'long-term', realm, debugLevel: 'OFF',
    credentials: { [login.username]: login.password },
  }).start()`

export class NodeTurn {
  readonly port: number
  #process: ChildProcess

  private constructor(options: NodeTurnOptions) {
    this.port = options.port
    this.#process = spawn(process.execPath, ['-e', program(options)], { stdio: 'ignore' })
  }

  /** Resolves when it answers. */
  static async start(options: NodeTurnOptions): Promise<NodeTurn> {
    const server = new NodeTurn(options)
    const client = await TurnClient.open({ host: '127.0.0.1', port: options.port }, options.login)
    try {
      await eventually(() => client.challenge())
    } finally {
      client.close()
    }
    return server
  }

  get pid(): number {
    return this.#process.pid!
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  async stop(): Promise<void> {
    if (!this.running) return
    const exited = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.kill('SIGKILL')
    await exited
  }
}

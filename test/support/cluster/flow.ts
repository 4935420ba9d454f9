/** A flow of relayed packets from outside of the cluster, kept up while a test does something to the cluster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eventually } from '../eventually.ts'
import type { FlowCounts } from './flow-counts.ts'

export type FlowPlan = {
  /** `host:port:username:password`, as the server tells its clients. */
  turn: string
  /** The relay of the other end, where it is another one. */
  other?: string
  /** Packets a second. */
  rate: number
  /** How often allocations, permissions and channels are refreshed, seconds. Clients do so every few minutes. */
  refreshSeconds: number
}

const program = join(import.meta.dirname, 'flow-program.ts')

export class Flow {
  #process: ChildProcess
  #counts: FlowCounts | null = null
  #stderr = ''
  #exited: Promise<number | null>

  private constructor(launch: readonly string[]) {
    const [first, ...rest] = [...launch, process.execPath, program]
    this.#process = spawn(first!, rest, { stdio: ['pipe', 'pipe', 'pipe'] })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      this.#counts = JSON.parse(line)
    })
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#process.stdin!.on('error', () => undefined)
    this.#hold('unref')
    this.#exited = new Promise((resolve) => this.#process.once('close', resolve))
  }

  /** Resolves when the first packet has come back. @throws Error with the relay's answer when it refuses */
  static async start(launch: readonly string[], plan: FlowPlan): Promise<Flow> {
    const flow = new Flow(launch)
    flow.#process.stdin!.write(`${JSON.stringify(plan)}\n`)
    const refused = flow.#exited.then(() => Promise.reject(flow.#failure()))
    refused.catch(() => undefined)
    try {
      await Promise.race([refused, flow.until(({ echoed }) => echoed > 0)])
    } catch (error) {
      flow.kill()
      throw error
    }
    return flow
  }

  /** As of a quarter of a second ago. @throws Error when the program has failed */
  get counts(): FlowCounts {
    if (this.#process.exitCode || this.#process.signalCode) throw this.#failure()
    if (!this.#counts) throw new Error('the flow has not begun')
    return this.#counts
  }

  /** Resolves to the counts once they are as wanted. @throws Error with the counts after `timeoutMs` */
  until(wanted: (counts: FlowCounts) => boolean, timeoutMs?: number): Promise<FlowCounts> {
    return eventually(() => {
      if (wanted(this.counts)) return this.counts
      throw new Error(`the flow is at ${JSON.stringify(this.counts)}`)
    }, timeoutMs)
  }

  /** Stops sending, waits for what is under way, gives the allocations back. */
  async stop(): Promise<FlowCounts> {
    this.#hold('ref')
    this.#process.stdin!.end()
    await this.#exited
    return this.counts
  }

  /** Ends it at once. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** A flow that nobody stops does not keep this process from ending, and ends with it. */
  #hold(how: 'ref' | 'unref'): void {
    const { stdin, stdout, stderr } = this.#process
    for (const each of [this.#process, stdin, stdout, stderr]) (each as { ref(): void; unref(): void })[how]()
  }

  #failure(): Error {
    return new Error(`the flow ended: ${this.#stderr}`)
  }
}

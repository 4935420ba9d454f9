/**
 * The stock Delta Chat core as a test uses it: one process with its own folder, JSON-RPC 2.0 a line each way, events kept
 * until somebody waits for them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type CoreEvent = { contextId: number; event: { kind: string; [key: string]: unknown } }

type Waiter = { matches: (event: CoreEvent) => boolean; resolve: (event: CoreEvent) => void }
type Pending = { resolve: (value: unknown) => void; reject: (error: Error) => void }

const packageName = '@deltachat/stdio-rpc-server-linux-x64'

const binary = (): string | null => {
  try {
    return join(createRequire(import.meta.url).resolve(`${packageName}/package.json`), '..', 'deltachat-rpc-server')
  } catch {
    return null
  }
}

/** For `test(name, { skip: coreMissing() }, …)`. @throws with CI=true when the package is not installed */
export const coreMissing = (): string | false => {
  if (binary()) return false
  if (process.env.CI === 'true') throw new Error(`${packageName} is not installed: npm ci installs it on Linux x64`)
  return `${packageName} is not installed: npm ci installs it on Linux x64`
}

export class DeltaChat {
  readonly dir: string
  readonly launch: readonly string[]
  #process: ChildProcess
  #next = 1
  #pending = new Map<number, Pending>()
  #events: CoreEvent[] = []
  #waiters = new Set<Waiter>()
  #stopped = false

  private constructor(launch: readonly string[]) {
    this.launch = launch
    this.dir = mkdtempSync(join(tmpdir(), 'deltachat-'))
    const [program, ...rest] = [...launch, binary()!]
    this.#process = spawn(program!, rest, {
      env: { PATH: process.env.PATH, DC_ACCOUNTS_PATH: join(this.dir, 'accounts'), RUST_LOG: 'error' },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#receive(JSON.parse(line)))
  }

  /** `launch`: words before the program, which must leave it the process id; to run it in a network of its own. */
  static start(launch: readonly string[] = []): DeltaChat {
    const core = new DeltaChat(launch)
    void core.#pollEvents()
    return core
  }

  /** Calls a method of the core with positional parameters. @throws Error with the core's own words */
  call<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
    const id = this.#next++
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#process.stdin!.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
  }

  /** Resolves to the first event of one of the kinds, among those not yet waited for and those to come. */
  event(
    contextId: number,
    kinds: string | readonly string[],
    matches: (event: CoreEvent['event']) => boolean = () => true,
  ): Promise<CoreEvent['event']> {
    const wanted = (event: CoreEvent): boolean =>
      event.contextId === contextId && [kinds].flat().includes(event.event.kind) && matches(event.event)
    const index = this.#events.findIndex(wanted)
    if (index >= 0) return Promise.resolve(this.#events.splice(index, 1)[0]!.event)
    return new Promise((resolve) => {
      this.#waiters.add({ matches: wanted, resolve: (event) => resolve(event.event) })
    })
  }

  /** Forgets what happened so far, so that the next wait is for something new. */
  forgetEvents(): void {
    this.#events = []
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const exited = new Promise((resolve) => this.#process.once('exit', resolve))
    this.#process.stdin!.end()
    this.#process.kill('SIGTERM')
    await exited
    rmSync(this.dir, { recursive: true, force: true })
  }

  #receive(message: { id: number; result?: unknown; error?: { message: string } }): void {
    const pending = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    if (message.error) pending?.reject(new Error(message.error.message))
    else pending?.resolve(message.result)
  }

  async #pollEvents(): Promise<void> {
    while (!this.#stopped) for (const event of await this.call<CoreEvent[]>('get_next_event_batch')) this.#keep(event)
  }

  #keep(event: CoreEvent): void {
    for (const waiter of this.#waiters) {
      if (!waiter.matches(event)) continue
      this.#waiters.delete(waiter)
      waiter.resolve(event)
      return
    }
    this.#events.push(event)
    if (this.#events.length > 5000) this.#events.shift()
  }
}

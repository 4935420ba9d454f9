/** coturn's process: started, ended, started anew. Its end without being told to is the end of the workload. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export type CoturnOptions = {
  command: readonly [string, ...string[]]
  /** Its working folder, which holds its files. */
  dir: string
  env: Readonly<Record<string, string>>
  /** Told of each line that it writes; null where nothing of it may be kept. */
  said: ((line: string) => void) | null
  /** Told when it ended by itself. */
  ended: (how: string) => void
}

export class CoturnProcess {
  readonly #options: CoturnOptions
  #child: ChildProcess
  #exited: Promise<void>
  #told = false

  constructor(options: CoturnOptions) {
    this.#options = options
    ;({ child: this.#child, exited: this.#exited } = this.#launch())
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** It reads the certificate again. */
  renewCertificate(): void {
    this.#child.kill('SIGUSR2')
  }

  /** Ends it, and every call with it, at once: its SIGTERM would do the same. */
  async stop(): Promise<void> {
    this.#told = true
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Ends every call and goes on with a new process. */
  async replace(): Promise<void> {
    const before = this.#exited
    await this.stop()
    // Somebody else may have asked for the same meanwhile.
    if (before !== this.#exited) return
    this.#told = false
    ;({ child: this.#child, exited: this.#exited } = this.#launch())
  }

  #launch(): { child: ChildProcess; exited: Promise<void> } {
    const { command, dir, env, said } = this.#options
    const output = said ? 'pipe' : 'ignore'
    const child = spawn(command[0], command.slice(1), { cwd: dir, env: { ...env }, stdio: ['ignore', output, output] })
    for (const stream of [child.stdout, child.stderr])
      if (stream && said) createInterface({ input: stream }).on('line', said)
    const exited = new Promise<void>((resolve) => {
      const over = (how: string) => {
        resolve()
        if (!this.#told) this.#options.ended(how)
      }
      child.once('error', (error: NodeJS.ErrnoException) => over(error.code ?? error.name))
      child.once('exit', (code, signal) => over(signal ?? `code ${code}`))
    })
    return { child, exited }
  }
}

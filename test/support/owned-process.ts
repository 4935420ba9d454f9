/** A program that ends with the test that started it, however that ends. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

/** The shell's standard input is a pipe from the test: when it closes, even by a SIGKILL of the test, the program goes. */
const guard = `exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill -9 $child 2>/dev/null; } &
wait $child`

export class OwnedProcess {
  readonly #program: string
  readonly #args: readonly string[]
  readonly #logFile: string
  #shell: ChildProcess | undefined

  constructor(program: string, args: readonly string[], logFile: string) {
    this.#program = program
    this.#args = args
    this.#logFile = logFile
  }

  start(): void {
    const log = openSync(this.#logFile, 'a')
    // In a group of its own: a signal to that of the test, as from a terminal or `timeout`, would end the guard alone.
    const options: SpawnOptions = { stdio: ['pipe', log, log], detached: true }
    this.#shell = spawn('sh', ['-c', guard, 'sh', this.#program, ...this.#args], options)
    this.#shell.stdin!.on('error', () => {})
    closeSync(log)
  }

  /** Null while it runs, else the end of its log. */
  ended(): Error | null {
    if (this.#shell?.exitCode === null) return null
    return new Error(`${this.#program} ended: ${readFileSync(this.#logFile, 'utf8').slice(-2000)}`)
  }

  /** Ends it at once and resolves when it is gone. */
  async stop(): Promise<void> {
    const shell = this.#shell
    if (!shell) return
    const gone = shell.exitCode === null ? new Promise((resolve) => shell.once('exit', resolve)) : null
    shell.stdin!.end()
    await gone
  }
}

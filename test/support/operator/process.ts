/** The operator as a process of its own, as its pod runs it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { workloadEnvironment, workloadNodeFlags } from '../../../workloads/contract/workload-process.ts'

export class OperatorProcess {
  readonly #process: ChildProcess
  readonly exitCode: Promise<number | null>
  output = ''

  private constructor(kubeconfig: string, flags: readonly string[], entry: string) {
    const command = [entry, 'operator', '--image', 'registry.example.org/chatmail-operator:test']
    const words = [...workloadNodeFlags, ...command, '--kubeconfig', kubeconfig, ...flags]
    this.#process = spawn(process.execPath, words, {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: '.cache/compile', ...workloadEnvironment },
    })
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    const child = this.#process
    const kill = () => void child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    this.exitCode = new Promise((resolve) => this.#process.once('exit', resolve))
  }

  /** @param entry the program, its source unless told */
  static start(kubeconfig: string, flags: readonly string[], entry = 'operator/main.ts'): OperatorProcess {
    return new OperatorProcess(kubeconfig, flags, entry)
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Asks it to end and resolves to its exit code. */
  stop(): Promise<number | null> {
    this.#process.kill('SIGTERM')
    return this.exitCode
  }
}

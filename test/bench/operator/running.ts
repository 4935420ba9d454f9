/** The operator under measurement: a process of its own, asked by its metrics as monitoring asks. */
import { readFileSync } from 'node:fs'
import { eventually } from '../../support/eventually.ts'
import { OperatorProcess } from '../../support/operator/process.ts'
import { freePorts } from '../../support/ports.ts'

type Sample = { name: string; labels: string; value: number }

const parse = (text: string): Sample[] =>
  [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name: name!,
    labels,
    value: Number(value),
  }))

export class RunningOperator {
  readonly #process: OperatorProcess
  readonly #port: number

  private constructor(process: OperatorProcess, port: number) {
    this.#process = process
    this.#port = port
  }

  /** Resolves when it is ready. */
  static async start(kubeconfig: string, entry: string): Promise<RunningOperator> {
    const [port] = await freePorts(1)
    const flags = ['--no-leader-election', '--listen', String(port)]
    const running = new RunningOperator(OperatorProcess.start(kubeconfig, flags, entry), port!)
    await eventually(() => running.#ask('/readyz'), 60_000)
    return running
  }

  /** Calls so far, by whether they change something; and passes. */
  async counts(): Promise<{ reads: number; writes: number; passes: number }> {
    const samples = parse(await this.#ask('/metrics'))
    const sum = (name: string, of: (labels: string) => boolean): number =>
      samples.filter((each) => each.name === name && of(each.labels)).reduce((total, { value }) => total + value, 0)
    const isRead = (labels: string): boolean => labels.includes('method="GET"')
    return {
      reads: sum('rest_client_requests_total', isRead),
      writes: sum('rest_client_requests_total', (labels) => !isRead(labels)),
      passes: sum('controller_runtime_reconcile_total', () => true),
    }
  }

  /** Resident memory now and at most, in KiB. */
  memory(): { nowKiB: number; peakKiB: number } {
    const text = readFileSync(`/proc/${this.#process.pid}/status`, 'utf8')
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1])
    return { nowKiB: field('VmRSS'), peakKiB: field('VmHWM') }
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }

  async #ask(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#port}${path}`)
    if (!response.ok) throw new Error(`${path} answers ${response.status}: ${this.#process.output}`)
    return response.text()
  }
}

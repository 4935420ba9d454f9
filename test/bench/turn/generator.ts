/** The load generator: compiled when a benchmark starts, run as a process of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Load = {
  port: number
  peerPort: number
  size: number
  /** Datagrams a second, both directions together. */
  rate: number
  seconds: number
  /** A line for each allocation. */
  allocations: string
}

export type Carried = { sent: number; received: number; p50: number; p99: number; late: number }

export class Generator {
  readonly #dir = mkdtempSync(join(tmpdir(), 'chatmail-generator-'))

  /** @throws Error without a C compiler */
  constructor() {
    const source = join(import.meta.dirname, 'generator.c')
    const { status, stderr } = spawnSync('cc', ['-O2', '-o', this.#program, source], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`the generator cannot be compiled: ${stderr ?? 'there is no cc'}`)
  }

  get #program(): string {
    return join(this.#dir, 'generator')
  }

  /** @throws Error with what the generator said */
  run({ port, peerPort, size, rate, seconds, allocations }: Load): Promise<Carried> {
    const words = ['127.0.0.1', port, peerPort, size, rate, seconds].map(String)
    return new Promise((resolve, reject) => {
      const child = spawn(this.#program, words, { stdio: ['pipe', 'pipe', 'inherit'] })
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
      child.once('error', reject)
      child.once('close', (code) =>
        code === 0 ? resolve(JSON.parse(output)) : reject(new Error(`generator: ${code}`)),
      )
      child.stdin.end(allocations)
    })
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

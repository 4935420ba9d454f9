/** The processes of a local server while strangers are at it: whether they are the same, and what memory they take. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../eventually.ts'

const processIds = (dataDir: string): number[] =>
  globSync('pods/*/process.json', { cwd: dataDir })
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(dataDir, file), 'utf8')).pid)

/** Resident memory in MiB (proc_pid_status(5)). @throws Error when there is no such process */
const residentMiB = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

export class Watch {
  #dataDir: string
  #pids: number[]

  /** Of the processes that run now. */
  constructor(dataDir: string) {
    this.#dataDir = dataDir
    this.#pids = processIds(dataDir)
  }

  /** MiB of each process. */
  memory(): number[] {
    return this.#pids.map(residentMiB)
  }

  assertSame(): void {
    assert.deepEqual(processIds(this.#dataDir), this.#pids, 'no process was started again')
    this.memory()
  }

  /** Resolves once no process has more than `growthMiB` on top of `before`. */
  assertBounded(before: readonly number[], growthMiB: number): Promise<void> {
    return eventually(() => {
      for (const [index, now] of this.memory().entries())
        assert.ok(now - before[index]! < growthMiB, `grew from ${before[index]} to ${now} MiB`)
    })
  }
}

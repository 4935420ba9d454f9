/** A workload as a process of its own, told what to do by a folder of mounted files, as in a pod. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { type WorkloadState, workloadState } from '../../workloads/contract/state.ts'
import { workloadEnvironment, workloadNodeFlags } from '../../workloads/contract/workload-process.ts'
import { eventually } from './eventually.ts'

export type WorkloadProcessOptions = {
  /** The command that runs it. */
  name: string
  managementPort: number
  /** Mounted file → content. */
  files: Readonly<Record<string, string>>
  /** Flags of Node beside those of every workload. */
  flags?: readonly string[]
}

export class WorkloadProcess {
  readonly dir: string
  readonly token = randomBytes(24).toString('hex')
  readonly exited: Promise<number | null>
  output = ''
  #name: string
  #managementPort: number
  #process: ChildProcess

  protected constructor({ name, managementPort, files, flags = [] }: WorkloadProcessOptions) {
    this.dir = mkdtempSync(join(tmpdir(), `chatmail-${name}-`))
    this.#name = name
    this.#managementPort = managementPort
    const data = join(this.dir, 'data')
    mkdirSync(data)
    this.write(mountedFiles.managementToken, this.token)
    for (const [file, content] of Object.entries(files)) this.write(file, content)
    const words = [...workloadNodeFlags, ...flags, 'operator/main.ts', name, '--mounts', this.dir, '--data', data]
    this.#process = spawn(process.execPath, words, {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: '.cache/compile', ...workloadEnvironment },
    })
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    this.exited = new Promise((resolve) => this.#process.once('exit', resolve))
  }

  /** Starts one and resolves when it is ready. @throws Error with its output when it ends instead */
  static launch(options: WorkloadProcessOptions): Promise<WorkloadProcess> {
    return new WorkloadProcess(options).whenReady()
  }

  /** Resolves when it is ready. @throws Error with its output when it ends instead; nothing is left then */
  protected async whenReady(): Promise<this> {
    const died = this.exited.then((code) =>
      Promise.reject(new Error(`${this.#name} ended with ${code}: ${this.output}`)),
    )
    let ended = false
    died.catch(() => {
      ended = true
    })
    try {
      // Who goes on to ask one that has ended keeps the test's process alive for as long as its patience lasts.
      await Promise.race([eventually(async () => ended || (await this.management('/readyz'))), died])
      return this
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  get pid(): number {
    return this.#process.pid!
  }

  async state(): Promise<WorkloadState> {
    return workloadState.parse(JSON.parse(await this.management('/state')))
  }

  /** Polls `/state` until it is as wanted. @throws Error when it does not become so */
  until(wanted: (state: WorkloadState) => boolean): Promise<WorkloadState> {
    return eventually(async () => {
      const state = await this.state()
      if (!wanted(state)) throw new Error(`still ${JSON.stringify(state)}`)
      return state
    })
  }

  /** What the management port answers. @throws Error where that is no success */
  async management(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.#managementPort}${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${this.#name} answers ${path} with ${response.status}: ${this.output}`)
    return text
  }

  /** Changes a mounted file as the kubelet does: by rename. */
  write(name: string, content: string): void {
    writeFileSync(join(this.dir, `${name}.new`), content)
    renameSync(join(this.dir, `${name}.new`), join(this.dir, name))
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name)
  }

  /** Ends it whatever it is doing and removes its folder. */
  async stop(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.exited
    rmSync(this.dir, { recursive: true, force: true })
  }
}

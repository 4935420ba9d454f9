/** A mail workload as a process of its own, told what to do by a folder of mounted files, as in a pod. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

import type { Keyring } from '../../workloads/contract/keyring.ts'
import type { MailConfig } from '../../workloads/contract/mail-config.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import type { Relays } from '../../workloads/contract/relays.ts'
import { workloadEnvironment, workloadNodeFlags } from '../../workloads/contract/workload-process.ts'
import { selfSignedCertificate } from './certificate.ts'
import { testMailConfig } from './mail-config.ts'
import { freePorts } from './ports.ts'

const listeners = ['imaps', 'imap', 'submissions', 'submission', 'https', 'http'] as const
export type MailPorts = Record<(typeof listeners)[number] | 'management', number>

export type MailProcessOptions = {
  config?: Partial<MailConfig>
  relays?: Relays
  keyring?: Keyring
  /** The file that Node runs, below the project's folder: the sources unless told. */
  program?: string
  /** Where its standard error goes; collected unless told. */
  onStderr?: (text: string) => void
}

const newKeyring = (): Keyring => ({
  generation: 1,
  keys: [{ id: 'k1', secret: randomBytes(32).toString('base64'), role: 'sign', since: 1 }],
})

export class MailProcess {
  readonly dir = mkdtempSync(join(tmpdir(), 'chatmail-mail-'))
  readonly token = randomBytes(24).toString('hex')
  readonly ports: MailPorts
  readonly keyring: Keyring
  stderr = ''
  #process: ChildProcess | undefined
  #program: string
  #onStderr: (text: string) => void

  private constructor(ports: MailPorts, options: MailProcessOptions) {
    this.ports = ports
    this.keyring = options.keyring ?? newKeyring()
    this.#program = options.program ?? 'operator/main.ts'
    this.#onStderr =
      options.onStderr ??
      ((text) => {
        this.stderr += text
      })
  }

  /** Starts one and resolves when it is ready. */
  static async start(options: MailProcessOptions = {}): Promise<MailProcess> {
    const free = await freePorts(listeners.length + 1)
    const ports = Object.fromEntries([...listeners, 'management'].map((name, i) => [name, free[i]])) as MailPorts
    const mail = new MailProcess(ports, options)
    try {
      await mail.#mount(options)
      await mail.launch()
    } catch (error) {
      await mail.stop()
      throw error
    }
    return mail
  }

  get pid(): number {
    return this.#process!.pid!
  }

  get dataDir(): string {
    return join(this.dir, 'data')
  }

  get mountsDir(): string {
    return join(this.dir, 'mounts')
  }

  /** Starts the process on the same folders, again after a `kill`. */
  async launch(): Promise<void> {
    const command = [...workloadNodeFlags, this.#program, 'mail', '--mounts', this.mountsDir, '--data', this.dataDir]
    this.#process = spawn(process.execPath, command, {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: '.cache/compile', ...workloadEnvironment },
    })
    this.#process.stderr!.setEncoding('utf8').on('data', this.#onStderr)
    const died = new Promise<never>((_, reject) =>
      this.#process!.once('exit', (code) => reject(new Error(`mail ended with ${code}: ${this.stderr}`))),
    )
    died.catch(() => {})
    await Promise.race([this.#ready(), died])
  }

  /** Ends the process with this signal and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process
    if (!child) return null
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.kill(signal)
    return exited
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM')
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** GET on the management port with the token. */
  async management(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.ports.management}${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    })
    return response.text()
  }

  async #mount({ config = {}, relays = { turn: [], iroh: null } }: MailProcessOptions): Promise<void> {
    mkdirSync(this.mountsDir)
    mkdirSync(this.dataDir)
    const { management, ...listen } = this.ports
    const { http: _http, ...shown } = listen
    const complete = testMailConfig({
      listen,
      management: { address: '127.0.0.1', port: management },
      public: { host: '127.0.0.1', ...shown, selfSigned: true },
      ...config,
    })
    const { cert, key } = await selfSignedCertificate([complete.domain, '127.0.0.1'])
    const files: Record<string, string> = {
      [mountedFiles.config]: stringify(complete),
      [mountedFiles.keyring]: JSON.stringify(this.keyring),
      [mountedFiles.relays]: JSON.stringify(relays),
      [mountedFiles.certificate]: cert,
      [mountedFiles.privateKey]: key,
      [mountedFiles.managementToken]: this.token,
    }
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.mountsDir, name), content)
  }

  async #ready(): Promise<void> {
    for (;;) {
      const ready = await fetch(`http://127.0.0.1:${this.ports.management}/readyz`).catch(() => null)
      if (ready?.ok) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

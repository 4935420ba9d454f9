/** The complete server as a person starts it, `chatmail up`, on free ports of loopback and with a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { readManifest } from '../../operator/cli/manifest.ts'
import { mailPortMap, mailPorts, managementPort } from '../../operator/render/ports.ts'
import { type Keyring, keyring } from '../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { freePorts } from './ports.ts'

type Endpoint = { host: string; port: number; security: string }

/** The line that `--output json` prints. */
export type ServerSummary = {
  domain: string
  invite: string
  web: string
  imap: Endpoint
  smtp: Endpoint
  turn: { host: string; port: number; relayPorts: { min: number; max: number } }
  iroh: string | null
  dataDir: string
}

const project = join(import.meta.dirname, '../..')

export type LocalServerOptions = {
  /** The manifest, below the project's folder: the local sample unless told. */
  sample?: string
  /** Ports of the manifest as they are, or free ones: what a person would run, beside whatever runs on this machine. */
  ports?: 'free' | 'as they are'
  /** Goes over the fields of `spec` that the manifest gives. */
  spec?: Record<string, Record<string, unknown>>
  /** Secrets that a person puts into the data folder before the start: `name/key` → content. */
  secrets?: Record<string, string>
  /** Where its programs are: the PATH of the test unless told. */
  path?: string
}

type Management = { mail: number; turn: number; iroh: number }
type MailPorts = Record<(typeof mailPortNames)[number], number>

const mailPortNames = ['imaps', 'imap', 'submissions', 'submission', 'https'] as const

const withFreePorts = async (spec: Record<string, Record<string, unknown>>): Promise<void> => {
  const [turn, iroh, mailManagement, turnManagement, irohManagement, ...mail] = await freePorts(
    5 + mailPortNames.length,
  )
  const ports = Object.fromEntries(mailPortNames.map((name, index) => [name, mail[index]]))
  spec.exposure = { ...spec.exposure, ports }
  spec.turn = { ...spec.turn, port: turn }
  spec.iroh = { ...spec.iroh, port: iroh }
  spec.monitoring = { ports: { mail: mailManagement, turn: turnManagement, iroh: irohManagement } }
}

const manifest = async (options: LocalServerOptions): Promise<string> => {
  const text = readFileSync(join(project, options.sample ?? 'crds/samples/local.yaml'), 'utf8')
  if (options.ports === 'as they are') return text
  const resource = parse(text)
  for (const [name, fields] of Object.entries(options.spec ?? {}))
    resource.spec[name] = { ...resource.spec[name], ...fields }
  await withFreePorts(resource.spec)
  return stringify(resource)
}

export class LocalServer {
  readonly dir = mkdtempSync(join(tmpdir(), 'chatmail-up-'))
  readonly management: Management
  readonly ports: MailPorts
  stdout = ''
  stderr = ''
  #process: ChildProcess | undefined
  #path: string | undefined

  private constructor(text: string, path: string | undefined) {
    this.#path = path
    writeFileSync(this.#file, text)
    const resource = readManifest(this.#file)
    const [mail, turn, iroh] = (['mail', 'turn', 'iroh'] as const).map((of) => managementPort(resource, 'local', of))
    this.management = { mail: mail!, turn: turn!, iroh: iroh! }
    this.ports = mailPortMap(mailPorts(resource, { platform: 'local', nodePorts: {} }), 'public') as MailPorts
  }

  /** Resolves once clients can use it. @throws Error with what it said when it ends instead */
  static async start(options: LocalServerOptions = {}): Promise<{ server: LocalServer; summary: ServerSummary }> {
    const server = new LocalServer(await manifest(options), options.path ?? process.env.PATH)
    for (const [path, content] of Object.entries(options.secrets ?? {})) server.#keepSecret(path, content)
    try {
      return { server, summary: await server.launch() }
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  get #file(): string {
    return join(this.dir, 'server.yaml')
  }

  get dataDir(): string {
    return join(this.dir, 'data')
  }

  /** Starts it on the same data, again after a `stop`; resolves to what it prints once everything is ready. */
  launch(): Promise<ServerSummary> {
    const args = ['up', '-f', this.#file, '--data-dir', this.dataDir, '--address', '127.0.0.1']
    const child = spawn(process.execPath, ['operator/main.ts', ...args, '--output', 'json'], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: this.#path, NODE_COMPILE_CACHE: '.cache/compile' },
    })
    this.#process = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    return new Promise((resolve, reject) => {
      let line = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        line += text
        this.stdout += text
        if (line.endsWith('\n')) resolve(JSON.parse(line))
      })
      child.once('exit', (code) => reject(new Error(`chatmail up ended with ${code}: ${this.stderr}`)))
    })
  }

  /** GET on a workload's management port with the token. @throws Error when the answer is not 200 */
  async ask(workload: keyof Management, path: string): Promise<string> {
    const [tokenFile] = globSync('pods/*/mounts/management-token', { cwd: this.dataDir })
    const token = readFileSync(join(this.dataDir, tokenFile!), 'utf8').trim()
    const url = `http://127.0.0.1:${this.management[workload]}${path}`
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    if (response.status !== 200) throw new Error(`${path} of ${workload} answers ${response.status}`)
    return response.text()
  }

  /** What its TURN keys are now. */
  turnKeyring(): Keyring {
    const [file] = globSync(`pods/*/mounts/${mountedFiles.keyring}`, { cwd: this.dataDir })
    return keyring.parse(JSON.parse(readFileSync(join(this.dataDir, file!), 'utf8')))
  }

  /** Ends it as Ctrl-C does; resolves to the exit code. */
  async interrupt(): Promise<number | null> {
    const child = this.#process!
    if (child.exitCode !== null) return child.exitCode
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    return exited
  }

  async stop(): Promise<void> {
    await this.interrupt()
    rmSync(this.dir, { recursive: true, force: true })
  }

  #keepSecret(path: string, content: string): void {
    const file = join(this.dataDir, 'secrets', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

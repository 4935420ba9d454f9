/** The complete server as a person starts it, `chatmail up`, on free ports of loopback and with a data folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
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
  dataDir: string
}

const project = join(import.meta.dirname, '../..')

/** The local sample with free ports: what a person would run, beside whatever runs on this machine already. */
const manifest = async (): Promise<{ text: string; management: { mail: number; turn: number } }> => {
  const sample = parse(readFileSync(join(project, 'crds/samples/local.yaml'), 'utf8'))
  const [imaps, imap, submissions, submission, https, turn, mailManagement, turnManagement] = await freePorts(8)
  const { spec } = sample
  spec.exposure = { ...spec.exposure, ports: { imaps, imap, submissions, submission, https } }
  spec.turn = { ...spec.turn, port: turn }
  spec.monitoring = { ports: { mail: mailManagement, turn: turnManagement } }
  return { text: stringify(sample), management: { mail: mailManagement!, turn: turnManagement! } }
}

export class LocalServer {
  readonly dir = mkdtempSync(join(tmpdir(), 'chatmail-up-'))
  readonly management: { mail: number; turn: number }
  stdout = ''
  stderr = ''
  #process: ChildProcess | undefined

  private constructor(text: string, management: LocalServer['management']) {
    writeFileSync(join(this.dir, 'server.yaml'), text)
    this.management = management
  }

  static async start(): Promise<{ server: LocalServer; summary: ServerSummary }> {
    const { text, management } = await manifest()
    const server = new LocalServer(text, management)
    return { server, summary: await server.launch() }
  }

  get dataDir(): string {
    return join(this.dir, 'data')
  }

  /** Starts it on the same data, again after a `stop`; resolves to what it prints once everything is ready. */
  launch(): Promise<ServerSummary> {
    const args = ['up', '-f', join(this.dir, 'server.yaml'), '--data-dir', this.dataDir, '--address', '127.0.0.1']
    const child = spawn(process.execPath, ['operator/main.ts', ...args, '--output', 'json'], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: '.cache/compile' },
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
}

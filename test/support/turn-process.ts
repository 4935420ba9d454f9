/** A TURN workload as a process of its own, told what to do by a folder of mounted files, as in a pod. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { z } from 'zod'
import { turnCredential } from '../../workloads/contract/credential.ts'
import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { digestOf, type WorkloadState, workloadState } from '../../workloads/contract/state.ts'
import type { TurnConfig } from '../../workloads/contract/turn-config.ts'
import type { turnPeers } from '../../workloads/contract/turn-peers.ts'
import { workloadEnvironment, workloadNodeFlags } from '../../workloads/contract/workload-process.ts'
import { freePorts } from './ports.ts'
import type { TurnLogin } from './turn-client.ts'

export const newTurnSecret = (): string => randomBytes(32).toString('base64')

/** A ring of generation 1 with one signing key. */
export const newTurnKeyring = (): Keyring => ({
  generation: 1,
  keys: [{ id: 'k1', secret: newTurnSecret(), role: 'sign', since: 1 }],
})

/** A credential of the ring that is valid for `seconds` from now. */
export const loginFor = (ring: Keyring, seconds = 3600): TurnLogin =>
  turnCredential(signingKey(ring).secret, Math.floor(Date.now() / 1000) + seconds)

/** On loopback, both families, loopback peers allowed. */
export const testTurnConfig = (port: number, managementPort: number): TurnConfig => ({
  realm: 'chat.example.org',
  listen: { addresses: ['127.0.0.1', '::1'], port, tcp: true, tcpPorts: [] },
  management: { address: '127.0.0.1', port: managementPort },
  relay: { min: 49152, max: 65535, ipv4: '127.0.0.1', ipv6: '::1', publicIpv4: null, publicIpv6: null },
  limits: {
    allocations: 2000,
    allocationsPerCredential: 10,
    allocationsPerIP: 50,
    permissionsPerAllocation: 64,
    channelsPerAllocation: 64,
    bandwidth: null,
    bandwidthTotal: null,
  },
  lifetime: { default: 600, max: 3600 },
  peers: { deny: [], allow: ['127.0.0.0/8', '::1/128'] },
  forceRelayOnly: false,
  workers: 1,
  drain: { deadline: 5 },
  noLog: true,
})

/** A port that is free for UDP and TCP. */
const freeTurnPort = async (): Promise<number> => {
  const [port] = await freePorts(1)
  const socket = createSocket('udp4')
  try {
    socket.bind(port!, '127.0.0.1')
    await once(socket, 'listening')
    return port!
  } catch {
    return freeTurnPort()
  } finally {
    socket.close()
  }
}

export type TurnProcessOptions = {
  keyring?: Keyring
  config?: (config: TurnConfig) => TurnConfig
  certificate?: { cert: string; key: string }
  /** The command that runs it: `turn` unless told. */
  engine?: 'turn' | 'coturn'
}

export class TurnProcess {
  readonly dir = mkdtempSync(join(tmpdir(), 'chatmail-turn-'))
  readonly token = randomBytes(24).toString('hex')
  readonly config: TurnConfig
  keyring: Keyring
  output = ''
  readonly exited: Promise<number | null>
  #process: ChildProcess

  private constructor(config: TurnConfig, keyring: Keyring, options: TurnProcessOptions) {
    const { certificate, engine = 'turn' } = options
    this.config = config
    this.keyring = keyring
    mkdirSync(join(this.dir, 'data'))
    this.write(mountedFiles.config, stringify(config))
    this.write(mountedFiles.managementToken, this.token)
    this.write(mountedFiles.keyring, JSON.stringify(keyring))
    if (certificate) this.certify(certificate)
    const command = [
      ...workloadNodeFlags,
      'operator/main.ts',
      engine,
      '--mounts',
      this.dir,
      '--data',
      join(this.dir, 'data'),
    ]
    this.#process = spawn(process.execPath, command, {
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
  static async start(options: TurnProcessOptions = {}): Promise<TurnProcess> {
    const [managementPort] = await freePorts(1)
    const config = testTurnConfig(await freeTurnPort(), managementPort!)
    const turn = new TurnProcess(options.config?.(config) ?? config, options.keyring ?? newTurnKeyring(), options)
    const died = turn.exited.then((code) => Promise.reject(new Error(`turn ended with ${code}: ${turn.output}`)))
    died.catch(() => undefined)
    await Promise.race([turn.#ready(), died]).catch(async (error: unknown) => {
      await turn.stop()
      throw error
    })
    return turn
  }

  get pid(): number {
    return this.#process.pid!
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.config.listen.port }
  }

  login(seconds?: number): TurnLogin {
    return loginFor(this.keyring, seconds)
  }

  /** Changes the mounted key ring and resolves once it is in force. */
  async rotate(keyring: Keyring): Promise<void> {
    this.keyring = keyring
    this.write(mountedFiles.keyring, JSON.stringify(keyring))
    await this.until((state) => state.loaded[mountedFiles.keyring]?.generation === keyring.generation)
  }

  /** Changes the mounted certificate. */
  certify({ cert, key }: { cert: string; key: string }): void {
    this.write(mountedFiles.certificate, cert)
    this.write(mountedFiles.privateKey, key)
  }

  async state(): Promise<WorkloadState> {
    return workloadState.parse(JSON.parse(await this.management('/state')))
  }

  /** Polls `/state` until it is as wanted. @throws Error after ten seconds */
  async until(wanted: (state: WorkloadState) => boolean): Promise<WorkloadState> {
    const deadline = Date.now() + 10_000
    for (;;) {
      const state = await this.state()
      if (wanted(state)) return state
      if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(state)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async management(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.config.management.port}${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    })
    return response.text()
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

  /** Changes `peers.json` and resolves once it is in force. */
  async tellPeers(peers: z.input<typeof turnPeers>): Promise<void> {
    const text = JSON.stringify(peers)
    this.write(mountedFiles.peers, text)
    await this.until((state) => state.loaded[mountedFiles.peers]?.digest === digestOf(text))
  }

  /** By rename, as a mounted file changes. */
  write(name: string, content: string): void {
    writeFileSync(join(this.dir, `${name}.new`), content)
    renameSync(join(this.dir, `${name}.new`), join(this.dir, name))
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + 20_000
    for (;;) {
      if (this.#process.exitCode !== null) return
      if (Date.now() > deadline) throw new Error(`turn is not ready: ${this.output}`)
      const ready = await fetch(`http://127.0.0.1:${this.config.management.port}/readyz`).catch(() => null)
      if (ready?.ok) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

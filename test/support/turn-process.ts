/** A TURN workload as a process of its own, told what to do by a folder of mounted files, as in a pod. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { stringify } from 'yaml'
import type { z } from 'zod'
import { turnCredential } from '../../workloads/contract/credential.ts'
import { type Keyring, signingKey } from '../../workloads/contract/keyring.ts'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { digestOf } from '../../workloads/contract/state.ts'
import type { TurnConfig } from '../../workloads/contract/turn-config.ts'
import type { turnPeers } from '../../workloads/contract/turn-peers.ts'
import { freePorts } from './ports.ts'
import type { TurnLogin } from './turn-client.ts'
import { WorkloadProcess } from './workload-process.ts'

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

export class TurnProcess extends WorkloadProcess {
  readonly config: TurnConfig
  keyring: Keyring

  private constructor(config: TurnConfig, keyring: Keyring, { certificate, engine = 'turn' }: TurnProcessOptions) {
    super({
      name: engine,
      managementPort: config.management.port,
      files: {
        [mountedFiles.config]: stringify(config),
        [mountedFiles.keyring]: JSON.stringify(keyring),
        ...(certificate && {
          [mountedFiles.certificate]: certificate.cert,
          [mountedFiles.privateKey]: certificate.key,
        }),
      },
    })
    this.config = config
    this.keyring = keyring
  }

  /** Starts one and resolves when it is ready. @throws Error with its output when it ends instead */
  static async start(options: TurnProcessOptions = {}): Promise<TurnProcess> {
    const [managementPort] = await freePorts(1)
    const config = testTurnConfig(await freeTurnPort(), managementPort!)
    const turn = new TurnProcess(options.config?.(config) ?? config, options.keyring ?? newTurnKeyring(), options)
    return turn.whenReady()
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

  /** Changes `peers.json` and resolves once it is in force. */
  async tellPeers(peers: z.input<typeof turnPeers>): Promise<void> {
    const text = JSON.stringify(peers)
    this.write(mountedFiles.peers, text)
    await this.until((state) => state.loaded[mountedFiles.peers]?.digest === digestOf(text))
  }
}

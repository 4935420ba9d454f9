/**
 * A real Kubernetes API server for one test file: etcd and kube-apiserver on loopback, RBAC, client certificates. There is
 * no controller manager: nothing collects garbage, ends namespaces, or makes pods of Deployments.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CertificateAuthority } from './api-server-certificates.ts'
import { cacheDir } from './cluster/missing.ts'
import { eventually } from './eventually.ts'
import { OwnedProcess } from './owned-process.ts'
import { freePorts } from './ports.ts'

const programs = ['etcd', 'kube-apiserver', 'kubectl'] as const

/** Where the programs are: `KUBEBUILDER_ASSETS`, else what `hack/cluster` has built. */
const programFolder = (): string => process.env.KUBEBUILDER_ASSETS ?? join(cacheDir(), 'bin')

const isThere = (name: string): boolean => {
  try {
    accessSync(join(programFolder(), name), constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** For `test(name, { skip: apiServerMissing() }, …)`: false when it is there. @throws with CI=true when it is not */
export const apiServerMissing = (): string | false => {
  const absent = programs.filter((name) => !isThere(name))
  if (absent.length === 0) return false
  const text = `${absent.join(', ')} missing in ${programFolder()}: hack/cluster/build.sh makes them, or set KUBEBUILDER_ASSETS`
  if (process.env.CI === 'true') throw new Error(text)
  return text
}

const etcdFlags = (folder: string, client: number, peer: number): string[] => [
  `--data-dir=${join(folder, 'etcd')}`,
  `--listen-client-urls=http://127.0.0.1:${client}`,
  `--advertise-client-urls=http://127.0.0.1:${client}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=default=http://127.0.0.1:${peer}`,
  // What a test stores can be lost.
  '--unsafe-no-fsync',
  '--log-level=warn',
]

const apiServerFlags = (pki: CertificateAuthority, etcd: number, port: number): string[] => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  '--endpoint-reconciler-type=none',
  `--secure-port=${port}`,
  '--service-cluster-ip-range=10.96.0.0/16',
  '--authorization-mode=RBAC',
  '--allow-privileged=true',
  // No controller makes the default service accounts, without which no pod could be created.
  '--disable-admission-plugins=ServiceAccount',
  `--client-ca-file=${pki.certificateFile('ca')}`,
  `--tls-cert-file=${pki.certificateFile('apiserver')}`,
  `--tls-private-key-file=${pki.keyFile('apiserver')}`,
  '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
  `--service-account-signing-key-file=${pki.keyFile('apiserver')}`,
  `--service-account-key-file=${pki.certificateFile('apiserver')}`,
]

/** Who asked for what; without bodies. */
const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
}

export type AuditEvent = {
  verb: string
  user: { username: string }
  objectRef?: { apiGroup?: string; resource: string; subresource?: string; namespace?: string; name?: string }
  responseStatus?: { code: number }
}

export type ApiServerOptions = {
  /** Writes down each request, for `audited`. */
  audit?: boolean
}

export class ApiServer {
  readonly folder: string
  readonly url: string
  /** Of a user who may do everything. */
  readonly kubeconfig: string
  readonly pki: CertificateAuthority
  readonly #etcd: OwnedProcess
  readonly #server: OwnedProcess

  private constructor(folder: string, [client, peer, port]: number[], { audit = false }: ApiServerOptions) {
    this.folder = folder
    this.url = `https://127.0.0.1:${port}`
    this.pki = new CertificateAuthority(join(folder, 'pki'))
    this.pki.issue('apiserver', '/CN=kube-apiserver', 'DNS:localhost,IP:127.0.0.1')
    this.kubeconfig = this.userKubeconfig('admin', ['system:masters'])
    const program = (name: string) => join(programFolder(), name)
    this.#etcd = new OwnedProcess(program('etcd'), etcdFlags(folder, client!, peer!), join(folder, 'etcd.log'))
    const flags = [...apiServerFlags(this.pki, client!, port!), ...(audit ? this.#auditFlags() : [])]
    this.#server = new OwnedProcess(program('kube-apiserver'), flags, join(folder, 'kube-apiserver.log'))
  }

  /** Starts one and resolves when it is ready: some seconds. */
  static async start(options: ApiServerOptions = {}): Promise<ApiServer> {
    const folder = mkdtempSync(join(tmpdir(), 'chatmail-api-server-'))
    const server = new ApiServer(folder, await freePorts(3), options)
    try {
      server.#etcd.start()
      await server.startServer()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** A kubeconfig file for a user by client certificate, for tests of RBAC; `url` names another way to the server. */
  userKubeconfig(name: string, groups: readonly string[], url = this.url): string {
    return this.pki.kubeconfig(name, groups, url)
  }

  /** Runs kubectl as administrator and gives what it printed. @throws with what it complained of */
  async kubectl(args: readonly string[], input = ''): Promise<string> {
    const flags = ['--kubeconfig', this.kubeconfig, '--cache-dir', join(this.folder, 'kubectl-cache')]
    const child = spawn(join(programFolder(), 'kubectl'), [...flags, ...args])
    child.stdin.on('error', () => {}).end(input)
    const [out, err] = [child.stdout, child.stderr].map((stream) => stream.setEncoding('utf8').toArray())
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${(await err!).join('')}`)
    return (await out!).join('')
  }

  /** Ends the API server as a crash would; etcd stays. */
  stopServer(): Promise<void> {
    return this.#server.stop()
  }

  /** Starts it again on the same port. */
  async startServer(): Promise<void> {
    this.#server.start()
    const failure = await eventually(async () => {
      const ended = this.#etcd.ended() ?? this.#server.ended()
      if (ended) return ended
      const status = await this.#readiness()
      if (status !== 200) throw new Error(`the API server's /readyz answers ${status}`)
      return null
    }, 60_000)
    if (failure) throw failure
  }

  async restart(): Promise<void> {
    await this.stopServer()
    await this.startServer()
  }

  async stop(): Promise<void> {
    await this.stopServer()
    await this.#etcd.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** The requests of one user so far. */
  audited(username: string): AuditEvent[] {
    // After the last newline comes what is being written.
    const lines = readFileSync(join(this.folder, 'audit.log'), 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as AuditEvent).filter(({ user }) => user.username === username)
  }

  #auditFlags(): string[] {
    const policy = join(this.folder, 'audit-policy.yaml')
    writeFileSync(policy, JSON.stringify(auditPolicy))
    return [`--audit-policy-file=${policy}`, `--audit-log-path=${join(this.folder, 'audit.log')}`]
  }

  #readiness(): Promise<number> {
    const tls = {
      ca: readFileSync(this.pki.certificateFile('ca')),
      cert: readFileSync(this.pki.certificateFile('admin')),
      key: readFileSync(this.pki.keyFile('admin')),
    }
    return new Promise((resolve, reject) => {
      const asked = request(`${this.url}/readyz`, { ...tls, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode!)
      })
      asked.once('error', reject).end()
    })
  }
}

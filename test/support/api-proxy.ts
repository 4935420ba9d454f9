/**
 * A way to a test's API server on which things go wrong: watches are cut, calls are refused, connections go silent, and
 * garbage comes in between. What goes wrong can be changed while it runs.
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as httpsRequest, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { ApiServer } from './api-server.ts'

export type Faults = {
  /** Breaks the connection of each watch after this time. */
  cutWatchesAfterMs?: number
  /** Of all calls that are no watches, the share that is refused; and with what. */
  refuse?: { rate: number; statuses: readonly number[]; retryAfterSeconds?: number; methods?: readonly string[] }
  /** Of watches, the share refused with this status. */
  refuseWatches?: { rate: number; status: number }
  /** Watches that are open and new ones stay open and say nothing more, as when a router forgets a connection. */
  silentWatches?: boolean
  /** Calls get no answer and no end. */
  silentCalls?: boolean
  /** Of a watch's chunks, the share that is followed by a line of garbage. */
  garbageRate?: number
  /** Breaks the connection of a call after the server has done what it asks. */
  loseAnswersRate?: number
}

const reasons: Record<number, string> = {
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
}

const refuse = (response: ServerResponse, code: number, retryAfterSeconds?: number): void => {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason: reasons[code],
    message: 'injected',
  }
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  response.writeHead(code, headers).end(JSON.stringify(status))
}

const isWatch = (request: IncomingMessage): boolean => new URL(request.url!, 'https://proxy').searchParams.has('watch')

export class ApiProxy {
  faults: Faults = {}
  /** How often each kind of fault was injected. */
  readonly injected: Record<string, number> = {}
  /** Calls by method, watches as `WATCH`. */
  readonly calls: Record<string, number> = {}
  readonly kubeconfig: string
  readonly #server: Server
  readonly #agent: Agent
  readonly #api: ApiServer
  readonly #random: () => number
  readonly #sockets = new Set<Socket>()

  private constructor(api: ApiServer, server: Server, random: () => number) {
    this.#api = api
    this.#server = server
    this.#random = random
    const port = (server.address() as AddressInfo).port
    this.kubeconfig = api.userKubeconfig('admin', ['system:masters'], `https://127.0.0.1:${port}`)
    const { pki } = api
    this.#agent = new Agent({
      keepAlive: true,
      ca: readFileSync(pki.certificateFile('ca')),
      cert: readFileSync(pki.certificateFile('admin')),
      key: readFileSync(pki.keyFile('admin')),
    })
    server.on('request', (request, response) => this.#handle(request, response))
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** @param random decides what goes wrong; pass a seeded one to have the same again */
  static async start(api: ApiServer, random: () => number = Math.random): Promise<ApiProxy> {
    const cert = readFileSync(api.pki.certificateFile('apiserver'))
    const server = createServer({ cert, key: readFileSync(api.pki.keyFile('apiserver')) })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new ApiProxy(api, server, random)
  }

  /** Breaks all connections, once. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#agent.destroy()
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cutAll()
    await closed
  }

  #count(into: Record<string, number>, name: string): void {
    into[name] = (into[name] ?? 0) + 1
  }

  #happens(name: string, rate = 0): boolean {
    if (this.#random() >= rate) return false
    this.#count(this.injected, name)
    return true
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const watch = isWatch(request)
    this.#count(this.calls, watch ? 'WATCH' : request.method!)
    response.on('error', () => {})
    if (watch ? this.#refusedWatch(response) : this.#refusedCall(request, response)) return
    if (!watch && this.faults.silentCalls) this.#count(this.injected, 'silent')
    else this.#forward(request, response, watch)
  }

  #refusedWatch(response: ServerResponse): boolean {
    const { refuseWatches } = this.faults
    if (!refuseWatches || !this.#happens('watch refused', refuseWatches.rate)) return false
    refuse(response, refuseWatches.status)
    return true
  }

  #refusedCall(request: IncomingMessage, response: ServerResponse): boolean {
    const fault = this.faults.refuse
    if (!fault || fault.methods?.includes(request.method!) === false || !this.#happens('refused', fault.rate))
      return false
    request.resume()
    refuse(response, fault.statuses[Math.floor(this.#random() * fault.statuses.length)]!, fault.retryAfterSeconds)
    return true
  }

  #forward(request: IncomingMessage, response: ServerResponse, watch: boolean): void {
    const { host: _host, ...headers } = request.headers
    const options = { method: request.method!, headers, agent: this.#agent }
    const upstream = httpsRequest(`${this.#api.url}${request.url}`, options, (answer) => {
      answer.on('error', () => response.destroy())
      if (watch) this.#forwardWatch(answer, response)
      else if (this.#happens('answer lost', this.faults.loseAnswersRate)) response.destroy()
      else answer.pipe(response.writeHead(answer.statusCode!, answer.headers))
    })
    upstream.on('error', () => response.destroy())
    response.once('close', () => upstream.destroy())
    request.pipe(upstream)
  }

  #forwardWatch(answer: IncomingMessage, response: ServerResponse): void {
    response.writeHead(answer.statusCode!, answer.headers).flushHeaders()
    const { cutWatchesAfterMs } = this.faults
    if (cutWatchesAfterMs !== undefined) {
      const cut = setTimeout(() => {
        this.#count(this.injected, 'watch cut')
        response.destroy()
      }, cutWatchesAfterMs)
      response.once('close', () => clearTimeout(cut))
    }
    answer.on('data', (chunk: Buffer) => {
      if (this.faults.silentWatches) return this.#count(this.injected, 'watch silent')
      response.write(chunk)
      if (this.#happens('garbage', this.faults.garbageRate)) response.write('{"type":"ADDED","object":{"meta\n')
    })
    answer.on('end', () => response.end())
  }
}

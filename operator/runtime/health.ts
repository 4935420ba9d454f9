/** The port on which a cluster looks after this process: `/healthz`, `/readyz` and `/metrics`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** Null when all is well, else what is not; what it throws counts as not well. */
export type Check = () => string | null | Promise<string | null>

export type HealthOptions = {
  port: number
  /** All addresses unless told. */
  address?: string
  metrics: Registry
  /** By name. Failing `healthz` checks have the process restarted. */
  healthz?: Record<string, Check>
  /** By name. Failing `readyz` checks only take it from its Service. */
  readyz?: Record<string, Check>
}

type Answer = { status: number; type: string; body: string }

const text = (status: number, body: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
})

const verdict = async ([name, check]: [string, Check]): Promise<string | null> => {
  try {
    const problem = await check()
    return problem === null ? null : `${name}: ${problem}`
  } catch {
    return `${name}: failed`
  }
}

const judged = async (checks: Record<string, Check> = {}): Promise<Answer> => {
  const problems = (await Promise.all(Object.entries(checks).map(verdict))).filter((problem) => problem !== null)
  return problems.length === 0 ? text(200, 'ok') : text(503, problems.join('\n'))
}

const answer = async (request: IncomingMessage, { metrics, healthz, readyz }: HealthOptions): Promise<Answer> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET is answered here')
  switch ((request.url ?? '/').split('?', 1)[0]) {
    case '/healthz':
      return judged(healthz)
    case '/readyz':
      return judged(readyz)
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.metrics() }
    default:
      return text(404, 'nothing here: /healthz, /readyz, /metrics')
  }
}

const send = (response: ServerResponse, { status, type, body }: Answer): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

export class HealthServer {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Resolves when it listens. @throws when the port is taken */
  static async listen(options: HealthOptions): Promise<HealthServer> {
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
      request.resume()
      answer(request, options).then(
        (value) => send(response, value),
        () => send(response, text(500, 'failed')),
      )
    })
    server.maxConnections = 64
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port, options.address, resolve)
    })
    return new HealthServer(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

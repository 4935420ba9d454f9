/**
 * The management port: `/healthz` and `/readyz` are open, `/metrics` and `/state` want the bearer token.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import type { WorkloadState } from '../../contract/state.ts'

/** `note` goes with the answer, empty when there is nothing to say. */
export type Readiness = { ready: boolean; note: string }

export type ManagementOptions = {
  token: () => string
  readiness: () => Readiness
  state: () => Promise<WorkloadState>
  metrics: Pick<Registry, 'contentType' | 'metrics'>
}

type Answer = { status: number; type: string; body: string }

const text = (status: number, body: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
})

const digest = (value: string): Buffer => createHash('sha256').update(value).digest()

const authorised = (request: IncomingMessage, token: string): boolean =>
  timingSafeEqual(digest(request.headers.authorization ?? ''), digest(`Bearer ${token}`))

const guarded = (options: ManagementOptions): Record<string, () => Promise<Answer>> => ({
  '/metrics': async () => ({ status: 200, type: options.metrics.contentType, body: await options.metrics.metrics() }),
  '/state': async () => ({ status: 200, type: 'application/json', body: `${JSON.stringify(await options.state())}\n` }),
})

const readinessText = ({ ready, note }: Readiness): Answer =>
  text(ready ? 200 : 503, [ready ? 'ready' : 'not ready', note].filter(Boolean).join(': '))

const open = (options: ManagementOptions): Record<string, () => Answer> => ({
  '/healthz': () => text(200, 'ok'),
  '/readyz': () => readinessText(options.readiness()),
})

const answer = async (request: IncomingMessage, options: ManagementOptions): Promise<Answer> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET is answered here')
  const path = (request.url ?? '/').split('?', 1)[0]!
  const openRoute = Object.entries(open(options)).find(([route]) => route === path)
  if (openRoute) return openRoute[1]()
  const guardedRoute = Object.entries(guarded(options)).find(([route]) => route === path)
  if (!guardedRoute) return text(404, 'nothing here: /healthz, /readyz, /metrics, /state')
  return authorised(request, options.token())
    ? guardedRoute[1]()
    : text(401, 'the management token is needed as bearer token')
}

const send = (response: ServerResponse, { status, type, body }: Answer): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

/** The server, not yet listening. */
export const managementServer = (options: ManagementOptions): Server => {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    request.resume()
    answer(request, options).then(
      (value) => send(response, value),
      () => send(response, text(500, 'failed')),
    )
  })
  server.maxConnections = 64
  return server
}

/**
 * HTTP to the API server: a few connections that all calls share, and one of its own for each watch, because over
 * HTTP/1.1 a watch keeps its connection for minutes and a dozen of them would leave none for the calls.
 */
import { buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import type { Access } from './access.ts'
import type { CallMetrics } from './metrics.ts'

/** All in milliseconds. */
export type Timeouts = {
  connectMs: number
  /** Until an answer begins. Webhooks may take 30 s; more is a connection that somebody has forgotten. */
  headersMs: number
  /** Without a byte of an answer that has begun. */
  bodyMs: number
  /** Without a byte of a watch; bookmarks come about every minute. */
  watchInactivityMs: number
}

export const defaultTimeouts: Timeouts = {
  connectMs: 10_000,
  headersMs: 40_000,
  bodyMs: 30_000,
  watchInactivityMs: 90_000,
}

export type Call = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
  contentType?: string
  signal?: AbortSignal | undefined
}

export type TransportOptions = {
  access: Access
  connections: number
  userAgent: string
  timeouts: Timeouts
  metrics?: CallMetrics
}

export type Answer = {
  status: number
  headers: Dispatcher.ResponseData['headers']
  body: Dispatcher.ResponseData['body']
}

const connector =
  (access: Access, timeout: number): buildConnector.connector =>
  (options, callback) => {
    access.tls().then(
      (tls) => buildConnector({ ...tls, timeout, allowH2: false, keepAliveInitialDelay: 30_000 })(options, callback),
      (error) => callback(error, null),
    )
  }

const dispatcher = (
  { access, timeouts }: TransportOptions,
  connections: number | null,
  bodyTimeout: number,
): Dispatcher => {
  const shared = { connections, bodyTimeout, headersTimeout: timeouts.headersMs, allowH2: false }
  const { proxy, server } = access
  return proxy
    ? new ProxyAgent({ ...shared, uri: proxy.uri, requestTls: proxy.tls })
    : new Pool(server.origin, { ...shared, keepAliveTimeout: 30_000, connect: connector(access, timeouts.connectMs) })
}

export class Transport {
  readonly #options: TransportOptions
  readonly #base: string
  readonly #calls: Dispatcher
  readonly #watches: Dispatcher

  constructor(options: TransportOptions) {
    this.#options = options
    this.#base = options.access.server.pathname.replace(/\/$/, '')
    this.#calls = dispatcher(options, options.connections, options.timeouts.bodyMs)
    this.#watches = dispatcher(options, null, options.timeouts.watchInactivityMs)
  }

  /** Resolves when an answer begins, whatever its status; its body must be read or destroyed. */
  call(call: Call): Promise<Answer> {
    return this.#send(this.#calls, call)
  }

  /** Like `call`, on a connection of its own. */
  watch(call: Call): Promise<Answer> {
    return this.#send(this.#watches, call)
  }

  /** Ends all connections; what still waits for an answer fails. */
  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#watches.destroy()])
  }

  async #send(dispatcher: Dispatcher, call: Call): Promise<Answer> {
    const request = await this.#request(call)
    const started = performance.now()
    const count = (code: number | '<error>') =>
      this.#options.metrics?.answered(call.method, code, (performance.now() - started) / 1000)
    try {
      const { statusCode, headers, body } = await dispatcher.request(request)
      count(statusCode)
      return { status: statusCode, headers, body }
    } catch (error) {
      count('<error>')
      throw error
    }
  }

  async #request({ method, path, body, contentType = 'application/json', signal }: Call) {
    const headers: Record<string, string> = {
      ...(await this.#options.access.headers()),
      accept: 'application/json',
      'user-agent': this.#options.userAgent,
    }
    if (body !== undefined) headers['content-type'] = contentType
    return {
      origin: this.#options.access.server.origin,
      method,
      path: this.#base + path,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    }
  }
}

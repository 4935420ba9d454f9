/** Calls of the API with all that goes around them: the credential renewed, attempts, refusals as errors, warnings told. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import type { Access } from './access.ts'
import { apiError, isUnauthorized } from './errors.ts'
import { callMetrics } from './metrics.ts'
import { defaultRetries, type RetryPolicy, retryDelay } from './retry.ts'
import { type Answer, type Call, defaultTimeouts, type Timeouts, Transport } from './transport.ts'
import { warningTexts } from './warnings.ts'

export type RequestOptions = {
  /** For calls; watches have connections of their own. */
  connections?: number
  metrics?: Registry
  userAgent?: string
  /** Told the text of each `Warning` that the server sends, such as a deprecated API. */
  onWarning?: (text: string) => void
  timeouts?: Partial<Timeouts>
  retries?: RetryPolicy
  random?: () => number
}

/** @throws without quoting the text: it may be that of a Secret */
const jsonOf = <T>(text: string): T => {
  try {
    return JSON.parse(text) as T
  } catch {
    throw new TypeError('the API server answered with something that is not JSON')
  }
}

const first = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header

export class Requests {
  readonly #access: Promise<Access>
  readonly #transport: Promise<Transport>
  readonly #options: RequestOptions

  constructor(access: Access | Promise<Access>, options: RequestOptions) {
    this.#options = options
    this.#access = Promise.resolve(access)
    this.#transport = this.#access.then((known) => this.#connect(known))
    // Told by the first call.
    this.#transport.catch(() => {})
  }

  /** The object that is answered. @throws ApiError on a status of 400 or above */
  async json<T>(call: Call): Promise<T> {
    const transport = await this.#transport
    return this.#attempts(call, async () => {
      const answer = await this.#accept(await transport.call(call))
      return jsonOf<T>(await answer.body.text())
    })
  }

  /** An answer that goes on, on a connection of its own, in one attempt. @throws ApiError on a status of 400 or above */
  async stream(call: Call): Promise<Answer['body']> {
    const transport = await this.#transport
    return (await this.#accept(await transport.watch(call))).body
  }

  /** An answer of any status, in one attempt. */
  async raw(call: Call): Promise<{ status: number; body: string }> {
    const transport = await this.#transport
    const answer = await transport.call(call)
    return { status: answer.status, body: await answer.body.text() }
  }

  async close(): Promise<void> {
    const transport = await this.#transport.catch(() => null)
    await transport?.close()
  }

  #connect(access: Access): Transport {
    const { connections = 8, metrics, userAgent = 'kube-client', timeouts } = this.#options
    return new Transport({
      access,
      connections,
      userAgent,
      timeouts: { ...defaultTimeouts, ...timeouts },
      ...(metrics && { metrics: callMetrics(metrics) }),
    })
  }

  async #attempts<T>(call: Call, once: () => Promise<T>): Promise<T> {
    const { random = Math.random, retries = defaultRetries } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await once()
      } catch (error) {
        const renewed = attempt === 1 && isUnauthorized(error)
        const delay = renewed ? 0 : retryDelay(error, call.method, attempt, random, retries)
        if (delay === null) throw error
        await wait(delay, undefined, call.signal && { signal: call.signal })
      }
    }
  }

  async #accept(answer: Answer): Promise<Answer> {
    for (const text of warningTexts(answer.headers.warning)) this.#options.onWarning?.(text)
    if (answer.status < 400) return answer
    if (answer.status === 401) await (await this.#access).refresh()
    throw apiError(answer.status, await answer.body.text(), first(answer.headers['retry-after']))
  }
}

/**
 * Proves that an Iroh relay works for real-time apps, as their clients use it: two temporary endpoints at its public URL
 * exchange a datagram both ways.
 */
import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { adviceFor, type ProofStep } from './advice.ts'
import { connectTo, hostOf, isSecure, portOf, type TlsOptions } from './connect.ts'
import { Endpoint, type Version } from './endpoint.ts'
import { codeOf, RelayError } from './relay-error.ts'

export { meanings, type ProofStep } from './advice.ts'

export type Proof =
  | { ok: true; rttMs: number }
  /** `message`: what failed and what to do, no addresses in it. */
  | { ok: false; step: ProofStep; code: string; message: string }

export type ProveOptions = {
  url: string
  timeoutMs: number
  signal?: AbortSignal
  /** How the certificate is judged; by default as clients do, with the roots that Mozilla trusts. */
  tls?: TlsOptions
}

export type StepResult =
  | { step: ProofStep; ok: true; ms: number }
  | { step: ProofStep; ok: false; ms: number; code: string; message: string }

type Run = { url: URL; tls: TlsOptions; signal: AbortSignal }

/** Calls back soon after `signal` is aborted, where `work` does not end by itself. */
const orAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => {
      const aborted = () => reject(new RelayError('TIMEOUT', 'it took too long'))
      signal.addEventListener('abort', aborted, { once: true })
      if (signal.aborted) aborted()
    }),
  ])

const connect = ({ url, signal }: Run): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connectPlain({ host: hostOf(url), port: portOf(url), signal })
    socket.once('error', reject).once('connect', () => {
      socket.destroy()
      resolve()
    })
  })

const handshake = async ({ url, tls, signal }: Run): Promise<void> => {
  const socket = await connectTo(url, tls, signal)
  socket.destroy()
}

const get = ({ url, tls, signal }: Run, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = isSecure(url) ? requestTls : requestPlain
    request(new URL(path, url), { ...tls, signal, agent: false }, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      if (status >= 200 && status < 300) resolve()
      else reject(new RelayError('STATUS', `${path} is answered with ${status}`))
    })
      .once('error', reject)
      .end()
  })

/** Two endpoints, a datagram there and one back; resolves to the time for both, milliseconds. */
const exchange = async ({ url, tls, signal }: Run, version: Version): Promise<number> => {
  const endpoints: Endpoint[] = []
  try {
    for (let count = 0; count < 2; count++) endpoints.push(await Endpoint.open({ url, version, tls, signal }))
    const [one, two] = endpoints as [Endpoint, Endpoint]
    const data = randomBytes(32)
    const started = performance.now()
    one.send(two.key, data)
    two.send(one.key, await two.datagram(one.key))
    if (!(await one.datagram(two.key)).equals(data)) throw new RelayError('DAMAGED', 'what came is not what was sent')
    return performance.now() - started
  } finally {
    for (const endpoint of endpoints) endpoint.close()
  }
}

/** Each step is there for what its failure says; those after it would fail as well. */
const needed: readonly [ProofStep, (run: Run) => Promise<unknown>][] = [
  ['resolve', ({ url }) => lookup(hostOf(url))],
  ['connect', connect],
  ['certificate', handshake],
  ['ping', (run) => get(run, '/ping')],
  ['legacy', (run) => exchange(run, 'legacy')],
]

/** What Delta Chat does not need today. */
const further: readonly [ProofStep, (run: Run) => Promise<unknown>][] = [
  ['portal', (run) => get(run, '/generate_204')],
  ['modern', (run) => exchange(run, 'modern-2')],
]

const runStep = async (run: Run, step: ProofStep, work: (run: Run) => Promise<unknown>): Promise<StepResult> => {
  const started = performance.now()
  const ms = () => Math.round((performance.now() - started) * 10) / 10
  try {
    await orAborted(work(run), run.signal)
    return { step, ok: true, ms: ms() }
  } catch (error) {
    const code = codeOf(error)
    return { step, ok: false, ms: ms(), code, message: adviceFor(step, code) }
  }
}

const runOf = ({ url, tls = {}, timeoutMs, signal }: ProveOptions): Run => ({
  url: new URL(url),
  tls,
  signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
})

/** Without TLS there is no certificate. */
const applies = ({ url }: Run, step: ProofStep): boolean => step !== 'certificate' || isSecure(url)

/**
 * Every step one after the other, each with the whole `timeoutMs`; `report` is told of each. Resolves to whether all that
 * Delta Chat needs works. @throws TypeError where `url` is none
 */
export const checkRelay = async (options: ProveOptions, report: (result: StepResult) => void): Promise<boolean> => {
  for (const [step, work] of needed) {
    const run = runOf(options)
    if (!applies(run, step)) continue
    const result = await runStep(run, step, work)
    report(result)
    if (!result.ok) return false
  }
  for (const [step, work] of further) report(await runStep(runOf(options), step, work))
  return true
}

/** Never throws. Ends within `timeoutMs`, or soon after `signal` is aborted, and frees everything. */
export const proveRelay = async (options: ProveOptions): Promise<Proof> => {
  if (!URL.canParse(options.url)) return { ok: false, step: 'resolve', code: 'URL', message: 'the URL is none' }
  const run = runOf(options)
  let rttMs = 0
  for (const [step, work] of needed) {
    if (!applies(run, step)) continue
    const result = await runStep(run, step, async (on) => {
      rttMs = Number(await work(on))
    })
    if (!result.ok) return { ok: false, step, code: result.code, message: result.message }
  }
  return { ok: true, rttMs }
}

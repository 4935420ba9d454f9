/**
 * Proves that an Iroh relay works for real-time apps, as their clients use it: two temporary endpoints at its public URL
 * exchange a datagram both ways.
 */
import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { request as httpRequest } from 'node:http'
import { connect as connectPlain } from 'node:net'
import { adviceFor, type ProofStep } from './advice.ts'
import { connectTo, hostOf, isSecure, portOf, type Route, type TlsOptions, type Via } from './connect.ts'
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
  /** Where the relay is found when the URL's name does not resolve here, as it may not inside a cluster. */
  via?: Via
}

export type StepResult =
  | { step: ProofStep; ok: true; ms: number }
  | { step: ProofStep; ok: false; ms: number; code: string; message: string }

/** `route` changes when the name does not resolve. */
type Run = { url: URL; route: Route; via: Via | undefined; signal: AbortSignal }

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

const resolveName = async ({ url, via, route }: Run): Promise<void> => {
  try {
    await lookup(hostOf(url))
  } catch (error) {
    if (!via) throw error
    await lookup(via.host)
    route.via = via
  }
}

const connect = ({ url, route, signal }: Run): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connectPlain({ ...(route.via ?? { host: hostOf(url), port: portOf(url) }), signal })
    socket.once('error', reject).once('connect', () => {
      socket.destroy()
      resolve()
    })
  })

const handshake = async ({ url, route, signal }: Run): Promise<void> => {
  const socket = await connectTo(url, route, signal)
  socket.destroy()
}

const get = async ({ url, route, signal }: Run, path: string): Promise<void> => {
  const socket = await connectTo(url, route, signal)
  const options = { createConnection: () => socket, path, headers: { host: url.host, connection: 'close' }, signal }
  const status = await new Promise<number>((resolve, reject) => {
    httpRequest(options, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .once('error', reject)
      .end()
  })
  if (status < 200 || status > 299) throw new RelayError('STATUS', `${path} is answered with ${status}`)
}

/** Two endpoints, a datagram there and one back; resolves to the time for both, milliseconds. */
const exchange = async ({ url, route, signal }: Run, version: Version): Promise<number> => {
  const endpoints: Endpoint[] = []
  try {
    for (let count = 0; count < 2; count++) endpoints.push(await Endpoint.open({ url, version, tls: route, signal }))
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
  ['resolve', resolveName],
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

const runOf = ({ url, tls = {}, via, timeoutMs, signal }: ProveOptions): Run => ({
  url: new URL(url),
  route: { ...tls },
  via,
  signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
})

/** Without TLS there is no certificate. */
const applies = ({ url }: Run, step: ProofStep): boolean => step !== 'certificate' || isSecure(url)

/**
 * Every step one after the other, each with the whole `timeoutMs`; `report` is told of each. Resolves to whether all that
 * Delta Chat needs works. @throws TypeError where `url` is none
 */
export const checkRelay = async (options: ProveOptions, report: (result: StepResult) => void): Promise<boolean> => {
  const { route } = runOf(options)
  const next = (): Run => ({ ...runOf(options), route })
  for (const [step, work] of needed) {
    const run = next()
    if (!applies(run, step)) continue
    const result = await runStep(run, step, work)
    report(result)
    if (!result.ok) return false
  }
  for (const [step, work] of further) report(await runStep(next(), step, work))
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

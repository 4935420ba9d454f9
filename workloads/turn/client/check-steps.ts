/** The steps of the examination of a TURN server: what each does, and what must have worked before. */
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { familyOf, type TransportAddress } from '../../kit/address/text.ts'
import type { CheckStep } from './advice.ts'
import { carry } from './carry.ts'
import { type CheckResult, type Found, open, type Run } from './check-run.ts'
import { type TurnClient, TurnError } from './client.ts'
import type { Protocol } from './link.ts'
import { reachPorts } from './relayed-ports.ts'

/** Relayed datagrams for the loss, and how far apart, milliseconds: as a voice call sends them. */
export const probes = { count: 50, everyMs: 20, afterMs: 500 }
/** Codes of a server that answers and does not want to. */
const refusals = /^(\d+|KEY|CLOCK)$/
/** Lost of them, per cent, up to which a call does not suffer. */
const bearableLoss = 5

type Pair = { a: TurnClient; b: TurnClient; relayedA: TransportAddress; relayedB: TransportAddress }

/** What steps leave to later ones. */
export type State = { pair?: Pair; results: Map<CheckStep, CheckResult> }

export type Step = {
  step: CheckStep
  /** The step without which this one says nothing; null when it can be taken. */
  blockedBy: (state: State) => CheckStep | null
  work: (run: Run, state: State) => Promise<Found>
}

/**
 * Of the family that the server is reached over. What is reached by a stream may be mail in front of relays that have IPv4
 * alone; it is what clients get that name no family (RFC 8656 §7).
 */
const relayedAddress = async (client: TurnClient, run: Run, protocol: Protocol): Promise<TransportAddress> => {
  const family = familyOf(run.address)
  const { relayed } = await client.allocate(family).catch((error: unknown) => {
    if (protocol === 'udp' || family === 4 || !(error instanceof TurnError) || error.code !== '440') throw error
    return client.allocate(4)
  })
  return relayed
}

const openPair = async (run: Run, protocol = run.over): Promise<Pair> => {
  const [a, b] = await Promise.all([open(run, protocol), open(run, protocol)])
  const relayed = (client: TurnClient) => relayedAddress(client, run, protocol)
  const [relayedA, relayedB] = await Promise.all([relayed(a), relayed(b)])
  return { a, b, relayedA, relayedB }
}

const permitPair = ({ a, b, relayedA, relayedB }: Pair): Promise<unknown> =>
  Promise.all([a.permit(relayedB), b.permit(relayedA)])

/** There and back, milliseconds. */
const echo = async ({ a, b, relayedA, relayedB }: Pair, signal: AbortSignal): Promise<number> => {
  const started = performance.now()
  await carry((data) => a.sendTo(relayedB, data), b, signal)
  await carry((data) => b.sendTo(relayedA, data), a, signal)
  return performance.now() - started
}

/** Whether a server that leaves Binding unanswered says anything to an Allocate. */
const answersAllocate = async (run: Run): Promise<boolean> => {
  const client = await open(run)
  await client.allocate(familyOf(run.address)).catch(() => undefined)
  return client.heard
}

/** What befalls a stream once it is there is told from one that does not come about. */
const codesOnceConnected: Readonly<Record<string, string>> = { TIMEOUT: 'SILENT', ECONNRESET: 'CLOSED' }

const bind = async (run: Run): Promise<Found> => {
  const client = await open(run)
  client.until(AbortSignal.any([run.signal, AbortSignal.timeout(run.timeoutMs)]))
  try {
    const seen = await client.binding()
    return { detail: `this machine is seen as ${seen.address}` }
  } catch (error) {
    if (!(error instanceof TurnError)) throw error
    if (error.code === 'TIMEOUT' && (await answersAllocate(run)))
      return { outcome: 'skipped', detail: 'Allocate is answered and Binding is not: turn.forceRelayOnly is set' }
    throw new TurnError((run.over !== 'udp' && codesOnceConnected[error.code]) || error.code)
  }
}

/** When the relay tells another address than the one that was connected to. */
const otherAddress = ({ over, address }: Run): string => {
  const where = `while the server is reached at ${address}`
  return over === 'udp'
    ? `${where}: right only behind a load balancer`
    : `${where}: right where mail hands over to a relay`
}

const allocate = async (run: Run, state: State): Promise<Found> => {
  const pair = await openPair(run)
  state.pair = pair
  const told = `relayed address ${pair.relayedA.address}`
  return { detail: pair.relayedA.address === run.address ? told : `${told}, ${otherAddress(run)}` }
}

/** Why nothing came, from what else is known. */
const relayFailure = ({ results }: State): string =>
  ({ ok: 'HAIRPIN', failed: 'RANGE', skipped: 'TIMEOUT', untried: 'TIMEOUT' })[results.get('range')!.outcome]

const relay = async (run: Run, state: State): Promise<Found> => {
  try {
    return { ms: await echo(state.pair!, run.signal) }
  } catch (error) {
    if (error instanceof TurnError && error.code === 'TIMEOUT') return { code: relayFailure(state) }
    throw error
  }
}

const countLoss = async ({ a, b, relayedA, relayedB }: Pair): Promise<Found> => {
  await Promise.all([a.bind(0x4000, relayedB), b.bind(0x4000, relayedA)])
  let got = 0
  b.onData = () => void got++
  for (let count = 0; count < probes.count; count++) {
    a.sendOn(0x4000, randomBytes(160))
    await wait(probes.everyMs)
  }
  await wait(probes.afterMs)
  const lost = Math.round(((probes.count - got) / probes.count) * 100)
  return { detail: `${lost} % of ${probes.count} lost`, ...(lost > bearableLoss ? { code: 'LOSS' } : {}) }
}

const allocateIpv6 = async (run: Run): Promise<Found> => {
  const client = await open(run)
  const { relayed } = await client.allocate(6)
  return { detail: `relayed address ${relayed.address}` }
}

const overStream =
  (protocol: 'tcp' | 'tls') =>
  async (run: Run): Promise<Found> => {
    const pair = await openPair(run, protocol)
    await permitPair(pair)
    return { ms: await echo(pair, run.signal) }
  }

const always = (): null => null

const after =
  (need: CheckStep) =>
  ({ results }: State): CheckStep | null =>
    ['failed', 'untried'].includes(results.get(need)!.outcome) ? need : null

/** TCP may get through where UDP does not; what the server refuses it refuses there too. */
const unlessRefused = ({ results }: State): CheckStep | null =>
  refusals.test(results.get('allocate')?.code ?? '') ? 'allocate' : null

export const steps: readonly Step[] = [
  { step: 'binding', blockedBy: always, work: bind },
  { step: 'allocate', blockedBy: after('binding'), work: allocate },
  { step: 'permission', blockedBy: after('allocate'), work: (_run, { pair }) => permitPair(pair!).then(() => ({})) },
  { step: 'range', blockedBy: after('allocate'), work: (run, { pair }) => reachPorts(run, pair!.relayedA.family) },
  { step: 'relay', blockedBy: after('permission'), work: relay },
  { step: 'loss', blockedBy: after('relay'), work: (_run, { pair }) => countLoss(pair!) },
  { step: 'ipv6', blockedBy: after('allocate'), work: allocateIpv6 },
  { step: 'tcp', blockedBy: unlessRefused, work: overStream('tcp') },
  { step: 'tls', blockedBy: unlessRefused, work: overStream('tls') },
]

/**
 * Proves that a TURN server works for calls, as its clients use it: two allocations under one credential, and a datagram
 * relayed from one to the other through the public address and back.
 */
import { lookup } from 'node:dns/promises'
import type { TurnCredential } from '../../contract/credential.ts'
import { type Family, familyOf, type TransportAddress } from '../../kit/address/text.ts'
import { adviceFor, type ProofStep } from './advice.ts'
import { carry, whenAborted } from './carry.ts'
import { TurnClient, TurnError } from './client.ts'

export type { ProofStep } from './advice.ts'

export type Proof =
  | { ok: true; rttMs: number }
  /** `message`: what failed and what to do, no addresses in it. */
  | { ok: false; step: ProofStep; code: string; message: string }

export type ProveOptions = {
  /** Name or address. */
  host: string
  port: number
  username: string
  password: string
  timeoutMs: number
  signal?: AbortSignal
}

class StepFailed extends Error {
  readonly step: ProofStep
  readonly code: string

  constructor(step: ProofStep, code: string) {
    super(code)
    this.step = step
    this.code = code
  }
}

const during = async <T>(step: ProofStep, work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (error) {
    if (error instanceof TurnError) throw new StepFailed(step, error.code)
    throw new StepFailed(step, (error as NodeJS.ErrnoException).code ?? 'FAILED')
  }
}

type Side = { client: TurnClient; relayed: TransportAddress }

type Run = { address: string; port: number; credential: TurnCredential; signal: AbortSignal; clients: TurnClient[] }

const openClient = async ({ address, port, credential, signal, clients }: Run): Promise<TurnClient> => {
  const client = await during('binding', TurnClient.connect({ protocol: 'udp', address, port, credential, signal }))
  clients.push(client)
  return client
}

const openSide = async (run: Run, family: Family): Promise<Side> => {
  const client = await openClient(run)
  // Without a Binding before it, which a server may leave unanswered: who says nothing at all is not there.
  const allocation = client.allocate(family)
  const heard = allocation.then(
    () => true,
    () => client.heard,
  )
  const { relayed } = await during((await heard) ? 'allocate' : 'binding', allocation)
  return { client, relayed }
}

const relayBothWays = async (run: Run): Promise<number> => {
  const family = familyOf(run.address)
  const [a, b] = await Promise.all([openSide(run, family), openSide(run, family)])
  await during('permission', Promise.all([a.client.permit(b.relayed), b.client.permit(a.relayed)]))
  const started = performance.now()
  await during(
    'relay',
    carry((data) => a.client.sendTo(b.relayed, data), b.client, run.signal),
  )
  await during(
    'relay',
    carry((data) => b.client.sendTo(a.relayed, data), a.client, run.signal),
  )
  return performance.now() - started
}

/** Never throws. Ends within `timeoutMs`, or soon after `signal` is aborted, and frees everything. */
export const proveRelay = async (options: ProveOptions): Promise<Proof> => {
  const { host, port, username, password, timeoutMs } = options
  const over = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(options.signal ? [options.signal] : [])])
  const clients: TurnClient[] = []
  try {
    const { address } = await during('resolve', Promise.race([lookup(host), whenAborted(over)]))
    const run = { address, port, credential: { username, password }, signal: over, clients }
    return { ok: true, rttMs: await relayBothWays(run) }
  } catch (error) {
    const { step, code } = error as StepFailed
    return { ok: false, step, code, message: adviceFor(step, code) }
  } finally {
    await Promise.all(clients.map((client) => client.release()))
  }
}

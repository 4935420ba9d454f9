/** The steps of the examination of a TURN server: what each does, and what must have worked before. */
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { TurnCredential } from '../../contract/credential.ts'
import { type Family, familyOf, type TransportAddress } from '../../kit/address/text.ts'
import { attributes } from '../stun/attributes.ts'
import { buildMessage } from '../stun/build.ts'
import { parseMessage } from '../stun/message.ts'
import { classes, methods } from '../stun/types.ts'
import { readXorAddress } from '../stun/xor-address.ts'
import { TurnClient, TurnError } from './client.ts'
import type { Protocol } from './link.ts'

export type CheckStep =
  | 'resolve'
  | 'binding'
  | 'allocate'
  | 'permission'
  | 'relay'
  | 'loss'
  | 'range'
  | 'ipv6'
  | 'tcp'
  | 'tls'

export type CheckOptions = {
  host: string
  port: number
  /** Of each step. */
  timeoutMs: number
  credential: TurnCredential
  /** The certificate must be for the host's name; false takes any. */
  verifyTls: boolean
}

export type Run = CheckOptions & { address: string; signal: AbortSignal; clients: TurnClient[] }
export type Found = { code?: string; detail?: string; outcome?: 'skipped'; ms?: number }

/** Relays datagrams for the loss, and how far apart, milliseconds: as a voice call sends them. */
export const probes = { count: 50, everyMs: 20, afterMs: 500 }
/** Relayed ports that are tried from outside; each is a random one of the range. */
const portsTried = 4

export const open = async (run: Run, protocol: Protocol = 'udp'): Promise<TurnClient> => {
  const { address, port, credential, signal, host, verifyTls } = run
  const tls = { verify: verifyTls, ...(host === address ? {} : { name: host }) }
  const client = await TurnClient.connect({ protocol, address, port, credential, signal, tls })
  run.clients.push(client)
  return client
}

const timedOut = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const end = () => reject(new TurnError('TIMEOUT'))
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })

/** Resolves when `data` arrives at `client`, sent again by `send` until then. */
const arrives = async (client: TurnClient, data: Buffer, send: () => void, signal: AbortSignal): Promise<void> => {
  const arrived = new Promise<void>((resolve) => {
    client.onData = (received) => received.data.equals(data) && resolve()
  })
  const again = setInterval(send, 250)
  send()
  await Promise.race([arrived, timedOut(signal)]).finally(() => clearInterval(again))
}

type Pair = { a: TurnClient; b: TurnClient; relayedA: TransportAddress; relayedB: TransportAddress }

const openPair = async (run: Run, protocol: Protocol, family: Family): Promise<Pair> => {
  const [a, b] = await Promise.all([open(run, protocol), open(run, protocol)])
  const [relayedA, relayedB] = await Promise.all([a.allocate(family), b.allocate(family)])
  return { a, b, relayedA: relayedA.relayed, relayedB: relayedB.relayed }
}

const permitPair = ({ a, b, relayedA, relayedB }: Pair): Promise<unknown> =>
  Promise.all([a.permit(relayedB), b.permit(relayedA)])

/** There and back, milliseconds. */
const echo = async ({ a, b, relayedA, relayedB }: Pair, signal: AbortSignal): Promise<number> => {
  const started = performance.now()
  const [there, back] = [randomBytes(32), randomBytes(32)]
  await arrives(b, there, () => a.sendTo(relayedB, there), signal)
  await arrives(a, back, () => b.sendTo(relayedA, back), signal)
  return performance.now() - started
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
  return { detail: `${lost} % of ${probes.count} lost`, ...(lost > 5 ? { code: 'LOSS' } : {}) }
}

const boundSocket = async (family: Family): Promise<Socket> => {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
  socket.on('error', () => undefined).bind()
  await once(socket, 'listening')
  return socket
}

/** A socket's address as the server sees it, for the permission that lets it in. */
const mappedAddress = async (socket: Socket, run: Run): Promise<TransportAddress | null> => {
  const transactionId = randomBytes(12)
  const bytes = buildMessage({ method: methods.binding, class: classes.request, transactionId, attributes: [] })
  const answered = once(socket, 'message', { signal: run.signal }).catch(() => null)
  const again = setInterval(() => socket.send(bytes, run.port, run.address), 300)
  socket.send(bytes, run.port, run.address)
  const answer = (await answered)?.[0] as Buffer | undefined
  clearInterval(again)
  const message = answer && parseMessage(answer)
  const value = message && typeof message !== 'string' ? message.attributes.get(attributes.xorMappedAddress) : undefined
  return value ? readXorAddress(value, transactionId) : null
}

/** Sends to relayed ports from outside, as a peer without a relay of its own does. */
const reachRange = async (run: Run, family: Family): Promise<Found> => {
  const outside = await boundSocket(family)
  try {
    const seen = await mappedAddress(outside, run)
    if (!seen) return { outcome: 'skipped', detail: 'the server tells no addresses' }
    const reached: number[] = []
    const tried: number[] = []
    for (let count = 0; count < portsTried; count++) {
      const client = await open(run)
      const { relayed } = await client.allocate(family)
      await client.permit(seen)
      tried.push(relayed.port)
      const data = randomBytes(32)
      await arrives(
        client,
        data,
        () => outside.send(data, relayed.port, relayed.address),
        AbortSignal.any([run.signal, AbortSignal.timeout(1500)]),
      ).then(
        () => reached.push(relayed.port),
        () => undefined,
      )
    }
    const detail = `${reached.length} of ports ${tried.join(', ')} reached`
    return { detail, ...(reached.length < tried.length ? { code: 'TIMEOUT' } : {}) }
  } catch (error) {
    if (error instanceof TurnError && error.code === '403')
      return {
        outcome: 'skipped',
        detail: 'this machine is in a range that the server does not relay to: try from outside',
      }
    throw error
  } finally {
    outside.close()
  }
}

const addressDetail = (run: Run, relayed: TransportAddress): Found => {
  const told = `relayed address ${relayed.address}`
  return familyOf(run.address) === relayed.family && relayed.address !== run.address
    ? { detail: `${told}, while the server is reached at ${run.address}: right only behind a load balancer` }
    : { detail: told }
}

export type Step = { step: CheckStep; needs: readonly CheckStep[]; work: (run: Run, state: State) => Promise<Found> }
export type State = { pair?: Pair; client?: TurnClient }

const overStream =
  (protocol: 'tcp' | 'tls') =>
  async (run: Run): Promise<Found> => {
    const pair = await openPair(run, protocol, familyOf(run.address))
    await permitPair(pair)
    return { ms: await echo(pair, run.signal) }
  }

export const steps: readonly Step[] = [
  {
    step: 'binding',
    needs: [],
    work: async (run) => {
      const client = await open(run)
      const seen = await client.binding()
      return { detail: `this machine is seen as ${seen.address}` }
    },
  },
  {
    step: 'allocate',
    needs: [],
    work: async (run, state) => {
      state.pair = await openPair(run, 'udp', familyOf(run.address))
      return addressDetail(run, state.pair.relayedA)
    },
  },
  { step: 'permission', needs: ['allocate'], work: (_run, { pair }) => permitPair(pair!).then(() => ({})) },
  { step: 'relay', needs: ['permission'], work: async (run, { pair }) => ({ ms: await echo(pair!, run.signal) }) },
  { step: 'loss', needs: ['relay'], work: (_run, { pair }) => countLoss(pair!) },
  { step: 'range', needs: ['allocate'], work: (run) => reachRange(run, familyOf(run.address)) },
  {
    step: 'ipv6',
    needs: ['allocate'],
    work: async (run) => {
      const client = await open(run)
      const { relayed } = await client.allocate(6)
      return { detail: `relayed address ${relayed.address}` }
    },
  },
  { step: 'tcp', needs: ['allocate'], work: overStream('tcp') },
  { step: 'tls', needs: ['allocate'], work: overStream('tls') },
]

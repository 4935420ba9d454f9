/** Whether relayed ports are reached from outside, as a peer reaches them that has no relay of its own. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type Family, familyOf, type TransportAddress } from '../../kit/address/text.ts'
import { carry } from './carry.ts'
import { type Found, open, type Run } from './check-run.ts'
import { TurnError } from './client.ts'

/** Each is a random one of the range. The quota of a credential may not be enough for all of them. */
const portsTried = 6
/** For a datagram to arrive at one of them, milliseconds. */
const arrivalMs = 1500

const boundSocket = async (family: Family): Promise<Socket> => {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6')
  socket.on('error', () => undefined).bind()
  await once(socket, 'listening')
  return socket
}

type Tried = { relayed: TransportAddress; reached: boolean }

/** A permission is for an address and any port: the one that the client has lets the socket beside it in. */
const tryPort = async (run: Run, family: Family, outside: Socket): Promise<Tried> => {
  const client = await open(run)
  const { relayed, mapped } = await client.allocate(family)
  await client.permit(mapped)
  const send = (data: Buffer) => outside.send(data, relayed.port, relayed.address)
  return carry(send, client, AbortSignal.any([run.signal, AbortSignal.timeout(arrivalMs)])).then(
    () => ({ relayed, reached: true }),
    () => ({ relayed, reached: false }),
  )
}

/** @throws TurnError when none could be had */
const tryPorts = async (run: Run, family: Family, outside: Socket): Promise<Tried[]> => {
  const outcomes = await Promise.allSettled(Array.from({ length: portsTried }, () => tryPort(run, family, outside)))
  const tried = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const [first] = outcomes
  if (tried.length === 0 && first?.status === 'rejected') throw first.reason
  return tried
}

/** Who comes by TCP may do so because the network lets no UDP out, and then nothing is reached from it. */
const judgeBesideStream = (detail: string, partly: boolean): Found =>
  partly
    ? { detail, code: 'PARTLY' }
    : { detail: `${detail}: either they are closed, or no UDP gets out from here`, outcome: 'skipped' }

/** Behind one port there may be several relays. */
const portsByAddress = (missed: readonly TransportAddress[]): string =>
  Object.entries(Object.groupBy(missed, ({ address }) => address))
    .map(([address, those]) => `${those!.map(({ port }) => port).join(', ')} of ${address}`)
    .join('; ')

const judge = (tried: readonly Tried[], run: Run): Found => {
  const missed = tried.filter(({ reached }) => !reached).map(({ relayed }) => relayed)
  const count = `${tried.length - missed.length} of ${tried.length} ports reached`
  if (missed.length === 0) return { detail: count }
  const detail = `${count}, not ${portsByAddress(missed)}`
  if (run.over !== 'udp') return judgeBesideStream(detail, missed.length < tried.length)
  if (missed[0]!.address !== run.address)
    return { detail: `${detail}; the server is reached at ${run.address}`, code: 'ADDRESS' }
  return { detail, code: missed.length < tried.length ? 'PARTLY' : 'TIMEOUT' }
}

/**
 * Sends to relayed ports, of `family`, from a socket of this machine that the server knows nothing of. @throws TurnError
 */
export const reachPorts = async (run: Run, family: Family): Promise<Found> => {
  // The address that this machine has in the other family is not known to the server, and could not be let in.
  if (family !== familyOf(run.address))
    return { outcome: 'skipped', detail: `the server is reached over IPv6 and relays over IPv${family}` }
  const outside = await boundSocket(family)
  try {
    return judge(await tryPorts(run, family, outside), run)
  } catch (error) {
    if (!(error instanceof TurnError) || error.code !== '403') throw error
    const detail = 'this machine is in a range that the server does not relay to: try from outside'
    return { outcome: 'skipped', detail }
  } finally {
    outside.close()
  }
}

/** What a relay adds to the way of a packet: there and back through it, less the same over a bare connection, halved. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Endpoint } from '../../../../workloads/iroh/client/endpoint.ts'
import { percentile } from '../../percentile.ts'
import type { Target } from '../target.ts'
import { endpointOptions } from './options.ts'

const packetBytes = 1200

/** Milliseconds of `count` rounds. */
const rounds = async (count: number, round: () => Promise<void>): Promise<number[]> => {
  const times: number[] = []
  for (let done = 0; done < count; done++) {
    const started = performance.now()
    await round()
    times.push(performance.now() - started)
  }
  return times
}

/** There and back between two processes' worth of sockets: what is left when the relay is away. */
const bare = async (count: number): Promise<number[]> => {
  const server = createServer({ noDelay: true }, (socket) => void socket.pipe(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const packet = randomBytes(packetBytes)
  const times = await rounds(count, async () => {
    socket.write(packet)
    await once(socket, 'data')
  })
  socket.destroy()
  server.close()
  return times
}

const relayed = async (url: URL, count: number): Promise<number[]> => {
  const options = endpointOptions(url)
  const [one, two] = [await Endpoint.open(options), await Endpoint.open(options)]
  const packet = randomBytes(packetBytes)
  const round = async (): Promise<void> => {
    one.send(two.key, packet)
    two.send(one.key, await two.datagram())
    await one.datagram()
  }
  await rounds(200, round)
  const times = await rounds(count, round)
  one.close()
  two.close()
  return times
}

/** Milliseconds that one way through the relay takes longer. */
export const latency = async ({ url }: Target, count: number): Promise<{ p50: number; p99: number }> => {
  const without = percentile(await bare(count), 0.5)
  const times = await relayed(url, count)
  const added = (share: number): number => (percentile(times, share) - without) / 2
  return { p50: added(0.5), p99: added(0.99) }
}

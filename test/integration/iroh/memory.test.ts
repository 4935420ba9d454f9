// What the relay holds is bounded: with thousands of idle clients, and with one that does not read.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Endpoint } from '../../../workloads/iroh/client/endpoint.ts'
import { newIdentity } from '../../../workloads/iroh/client/identity.ts'
import { type IrohProcess, startIroh } from '../../support/iroh-process.ts'

const mebibyte = 1024 * 1024
const clients = 5000
/** Connected at once; the next group follows when all of one are known. */
const groupSize = 250

/** Above what a client costs, below what two would. */
const perClient = 12 * 1024

const limits = {
  connectionsPerAddress: 10_000,
  newPerSecond: 10_000,
  newBurst: 10_000,
  addressPace: null,
  connectionPace: null,
}

const residentBytes = ({ workload }: IrohProcess): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${workload.pid}/status`, 'utf8'))![1]) * 1024

const connectAll = async (relay: IrohProcess): Promise<Endpoint[]> => {
  // One key pair for each costs the test more than the relay; a few that take turns would replace each other.
  const all: Endpoint[] = []
  while (all.length < clients)
    all.push(
      ...(await Promise.all(
        Array.from({ length: groupSize }, () => relay.endpoint('legacy', { identity: newIdentity() })),
      )),
    )
  return all
}

test('5000 idle clients: so much memory each, and all can still be reached', {
  skip: process.platform !== 'linux',
}, async () => {
  const relay = await startIroh({ limits })
  try {
    const warm = await relay.endpoint('legacy')
    const before = residentBytes(relay)
    const endpoints = await connectAll(relay)
    assert.equal((await relay.workload.state()).counts.legacyEndpoints, clients + 1)
    const each = (residentBytes(relay) - before) / clients
    assert.ok(each < perClient, `${Math.round(each)} bytes a client`)
    const last = endpoints.at(-1)!
    for (const endpoint of endpoints.slice(0, 50)) {
      last.send(endpoint.key, Buffer.from('hello'))
      assert.equal((await endpoint.datagram(last.key)).toString(), 'hello')
    }
    for (const endpoint of endpoints) endpoint.close()
    await relay.workload.until(({ counts }) => counts.connections === 1)
    await warm.ping()
  } finally {
    await relay.stop()
  }
})

test('a reader that does not read costs a bounded queue, its oldest datagrams, and nobody else anything', async () => {
  const relay = await startIroh({ limits: { ...limits, write: 60 } })
  try {
    const block = Buffer.alloc(60_000, 7)
    const [sender, slow, other, reader] = await Promise.all([0, 1, 2, 3].map(() => relay.endpoint('legacy')))
    slow!.pause()
    let before = 0
    for (let sent = 0; sent < 500; sent++) {
      for (let piece = 0; piece < 10; piece++) sender!.send(slow!.key, block)
      await sender!.ping()
      other!.send(reader!.key, Buffer.from(`${sent}`))
      assert.equal((await reader!.datagram(other!.key)).toString(), `${sent}`)
      const { queuedBytes } = (await relay.workload.state()).counts
      assert.ok(queuedBytes! <= mebibyte, `${queuedBytes} bytes wait`)
      // What the collector lets lie for a while is there by then.
      if (sent === 200) before = residentBytes(relay)
    }
    const grown = residentBytes(relay) - before
    assert.ok(grown < 96 * mebibyte, `${Math.round(grown / mebibyte)} MiB more after 180 MB`)
    const metrics = await relay.workload.management('/metrics')
    assert.match(metrics, /^chatmail_iroh_dropped_total\{reason="queue_full"\} [1-9]/m)
    sender!.send(slow!.key, Buffer.from('the newest'))
    slow!.resume()
    await slow!.next((received) => received.kind === 'datagram' && received.data.toString() === 'the newest')
  } finally {
    await relay.stop()
  }
})

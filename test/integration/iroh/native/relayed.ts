// Runs in a network where UDP goes nowhere: all that endpoints of the real libraries exchange goes through the relay.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { type IrohEndpoint, type IrohLibrary, irohLibraries } from '../../../support/iroh-clients.ts'
import { type IrohProcess, startIroh } from '../../../support/iroh-process.ts'

const relayed = async (relay: IrohProcess): Promise<number> => {
  const metrics = await relay.workload.management('/metrics')
  return [...metrics.matchAll(/^chatmail_iroh_relayed_bytes_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, bytes]) => sum + Number(bytes),
    0,
  )
}

const datagramsThere = async (one: Awaited<ReturnType<IrohEndpoint['connect']>>): Promise<void> => {
  for (let round = 0; round < 5; round++) {
    const sent = Array.from({ length: 20 }, (_, index) => Buffer.alloc(900, round * 20 + index))
    for (const datagram of sent) one.sendDatagram(datagram)
    for (const datagram of sent) assert.deepEqual(await one.readDatagram(), datagram)
  }
}

const throughRestart = async (open: IrohLibrary['open']): Promise<void> => {
  let relay = await startIroh()
  const endpoints: IrohEndpoint[] = []
  try {
    endpoints.push(await open(relay.url.href), await open(relay.url.href))
    const [one, two] = endpoints as [IrohEndpoint, IrohEndpoint]
    // 0.35 goes to a relay only once it has somebody there to talk to.
    const [there, back] = await Promise.all([one.connect(two.id), two.connect(one.id)])
    const megabyte = randomBytes(1_000_000)
    for (const connection of [there, back]) {
      assert.deepEqual(await connection.echo(megabyte), megabyte)
      await datagramsThere(connection)
      assert.ok(await connection.isRelayed())
    }
    assert.ok((await relayed(relay)) > 4_000_000)
    if (two.keepBlob && one.fetchBlob) {
      const blob = randomBytes(1_000_000)
      assert.deepEqual(await one.fetchBlob(await two.keepBlob(blob), two.id), blob)
    }
    await relay.stop()
    relay = await startIroh({ port: Number(relay.url.port) })
    const again = randomBytes(10_000)
    assert.deepEqual(await there.echo(again), again)
    assert.ok((await relayed(relay)) > 20_000)
  } finally {
    await Promise.all(endpoints.map((endpoint) => endpoint.close().catch(() => undefined)))
    await relay.stop()
  }
}

const hundred = async (open: IrohLibrary['open']): Promise<void> => {
  const relay = await startIroh()
  const endpoints = await Promise.all(Array.from({ length: 100 }, () => open(relay.url.href)))
  try {
    const pairs = endpoints.map(async (endpoint, index) => {
      const connection = await endpoint.connect(endpoints[(index + 1) % endpoints.length]!.id)
      const data = randomBytes(2000)
      assert.deepEqual(await connection.echo(data), data)
    })
    await Promise.all(pairs)
    const { counts } = await relay.workload.state()
    assert.equal(counts.legacyEndpoints! + counts.modernEndpoints!, 100)
  } finally {
    await Promise.all(endpoints.map((endpoint) => endpoint.close().catch(() => undefined)))
    await relay.workload.until(({ counts }) => counts.connections === 0)
    await relay.stop()
  }
}

describe('by relay alone', { concurrency: true }, () => {
  for (const { name, open } of irohLibraries) {
    it(`${name}: streams of 1 MB and datagrams both ways, and again after a restart`, () => throughRestart(open))
    it(`${name}: a hundred endpoints at once`, () => hundred(open))
  }
})

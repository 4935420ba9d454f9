// The relay as a process: its listeners, its limits, its end, and what it says about itself.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Facts, outsideACluster } from '../../../operator/render/facts.ts'
import { renderIrohConfig } from '../../../operator/render/iroh/config.ts'
import { mountedFiles } from '../../../workloads/contract/mounts.ts'
import { type Endpoint, type Version, versions } from '../../../workloads/iroh/client/endpoint.ts'
import { newIdentity } from '../../../workloads/iroh/client/identity.ts'
import { buildClientInfo } from '../../../workloads/iroh/legacy/client-info.ts'
import * as legacy from '../../../workloads/iroh/legacy/frames.ts'
import { selfSignedCertificate } from '../../support/certificate.ts'
import { type IrohProcess, startIroh } from '../../support/iroh-process.ts'
import { serverOf } from '../../support/operator/a-server.ts'

let relay: IrohProcess
before(async () => {
  relay = await startIroh({ limits: { connectionsPerAddress: 200, newBurst: 5000, newPerSecond: 5000 } })
})
after(() => relay.stop())

const allVersions = Object.keys(versions) as Version[]

const pair = async (version: Version, options = {}): Promise<[Endpoint, Endpoint]> => [
  await relay.endpoint(version, options),
  await relay.endpoint(version, options),
]

/** A plain connection, as one that no library would make. */
const raw = async (text: string, port = Number(relay.url.port)): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

const firstLine = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk.toString('latin1').split('\r\n', 1)[0]!)
      socket.destroy()
    })
    socket.once('close', () => resolve('closed'))
  })

const upgrade = (headers = ''): string =>
  `GET /relay HTTP/1.1\r\nupgrade: iroh derp http\r\nhost: localhost.\r\n${headers}\r\n`

const counter = async (server: IrohProcess, name: string, label: string): Promise<number> => {
  const metrics = await server.workload.management('/metrics')
  return Number(new RegExp(`^chatmail_iroh_${name}_total\\{\\w+="${label}"\\} (\\d+)$`, 'm').exec(metrics)?.[1])
}

test('every version of the protocol, plain and with TLS, large and small', async () => {
  for (const version of allVersions)
    for (const url of [relay.url, relay.secureUrl]) {
      const [one, two] = await pair(version, { url, tls: { ca: relay.certificate.cert } })
      for (const size of [1, 1200, 65_000]) {
        const data = randomBytes(size)
        one.send(two.key, data)
        assert.deepEqual(await two.datagram(one.key), data)
      }
      one.close()
      assert.deepEqual(await two.next(({ kind }) => kind === 'gone'), { kind: 'gone', key: one.key })
      two.close()
    }
})

test('a client in a WebSocket and one on a bare stream reach each other, and so do 1.x clients of both versions', async () => {
  for (const [first, second] of [
    ['legacy', 'legacy-web-socket'],
    ['modern-1', 'modern-2'],
  ] as const) {
    const [one, two] = [await relay.endpoint(first), await relay.endpoint(second)]
    one.send(two.key, Buffer.from('there'))
    assert.equal((await two.datagram(one.key)).toString(), 'there')
    two.send(one.key, Buffer.from('back'))
    assert.equal((await one.datagram(two.key)).toString(), 'back')
    one.close()
    two.close()
  }
})

test('0.35 and 1.x with one key do not see each other', async () => {
  const identity = newIdentity()
  const [legacyOne, modernOne] = [
    await relay.endpoint('legacy', { identity }),
    await relay.endpoint('modern-2', { identity }),
  ]
  const [legacyPeer, modernPeer] = [await relay.endpoint('legacy'), await relay.endpoint('modern-1')]
  legacyPeer.send(identity.key, Buffer.from('old'))
  modernPeer.send(identity.key, Buffer.from('new'))
  assert.equal((await legacyOne.datagram()).toString(), 'old')
  assert.equal((await modernOne.datagram()).toString(), 'new')
  for (const endpoint of [legacyOne, modernOne, legacyPeer, modernPeer]) endpoint.close()
})

test('a request in single bytes, and frames glued to it', async () => {
  const peer = await relay.endpoint('legacy')
  const { key, sign } = newIdentity()
  const hello = Buffer.concat([
    Buffer.from(upgrade()),
    buildClientInfo(key, sign),
    legacy.buildFrame(legacy.frameTypes.sendPacket, peer.key, Buffer.from('early')),
  ])
  const glued = await raw('')
  glued.write(hello)
  assert.equal((await peer.datagram(key)).toString(), 'early')
  glued.destroy()
  const slow = await raw('')
  for (const byte of hello) await new Promise((sent) => slow.write(Buffer.of(byte), sent))
  assert.equal((await peer.datagram(key)).toString(), 'early')
  slow.destroy()
  peer.close()
})

test('what is no relay client is answered as the routes say', async () => {
  const cases: [string, RegExp][] = [
    [upgrade('connection: upgrade\r\n'), /101/],
    [upgrade().replace('/relay', '/derp'), /101/],
    [upgrade().replace('iroh derp http', 'h2c'), /400/],
    [upgrade().replace('iroh derp http', 'websocket'), /400/],
    [upgrade('sec-websocket-protocol: iroh-relay-v9\r\n').replace('iroh derp http', 'websocket'), /400/],
    [upgrade().replace('/relay', '/other'), /404/],
    ['GET /relay HTTP/1.1\r\nhost: x\r\n\r\n', /400/],
    ['POST /ping HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n', /404/],
    ['\x16\x03\x01\x00\x05hello\r\n\r\n', /closed/],
    [`GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, /closed|431/],
  ]
  for (const [request, answer] of cases) assert.match(await firstLine(await raw(request)), answer, request.slice(0, 60))
  const ping = await fetch(new URL('/ping', relay.url))
  assert.deepEqual([ping.status, await ping.text(), ping.headers.get('access-control-allow-origin')], [200, '', '*'])
  const page = await fetch(relay.url)
  assert.match(await page.text(), /iroh\.computer/)
  for (const [asked, answered] of [
    ['x-tailscale-challenge', 'x-tailscale-response'],
    ['x-iroh-challenge', 'x-iroh-response'],
  ] as const) {
    const ask = (value: string) => fetch(new URL('/generate_204', relay.url), { headers: { [asked]: value } })
    const good = await ask('ts_localhost')
    assert.deepEqual([good.status, good.headers.get(answered)], [204, 'response ts_localhost'])
    for (const bad of ['a b', 'x'.repeat(64), '<script>']) assert.equal((await ask(bad)).headers.get(answered), null)
  }
})

test('damaged frames end the connection that sent them and nothing else', async () => {
  const [one, two] = await pair('legacy')
  const { key, sign } = newIdentity()
  const session = Buffer.concat([
    buildClientInfo(key, sign),
    legacy.buildFrame(legacy.frameTypes.ping, randomBytes(8)),
    legacy.buildFrame(legacy.frameTypes.sendPacket, randomBytes(32), randomBytes(300)),
  ])
  for (let round = 0; round < 400; round++) {
    const damaged = Buffer.from(session)
    for (let change = 0; change <= round % 4; change++)
      damaged[(round * 131 + change * 71) % damaged.length]! ^= 1 << (round % 8)
    const socket = await raw(upgrade())
    socket.end(round % 5 === 0 ? randomBytes(200) : damaged.subarray(0, 1 + ((round * 37) % damaged.length)))
    socket.resume()
    await once(socket, 'close')
  }
  one.send(two.key, Buffer.from('still here'))
  assert.equal((await two.datagram(one.key)).toString(), 'still here')
  await relay.workload.until(({ counts }) => counts.connections === 2 && counts.queuedBytes === 0)
  one.close()
  two.close()
})

test('in a WebSocket, what is no frame, or none of a client, ends the connection', async () => {
  const bad: Partial<Record<Version, string[]>> = {
    'legacy-web-socket': ['0300000000', '0c0000000700', '0e00000000', '040000000000'],
  }
  for (const version of ['modern-1', 'modern-2', 'legacy-web-socket'] as const)
    for (const frame of bad[version] ?? ['ff', '03', '0900', '06', '04', `04${'00'.repeat(33)}`, '4004', '0c']) {
      const endpoint = await relay.endpoint(version)
      endpoint.sendFrame(Buffer.from(frame, 'hex'))
      await assert.rejects(
        endpoint.next(() => false),
        /the relay has closed/,
        frame,
      )
    }
  const peer = await relay.endpoint('modern-2')
  await peer.ping()
  peer.close()
})

test('one address has so many connections; who is behind a proxy counts by its own', async () => {
  const server = await startIroh({ limits: { connectionsPerAddress: 3, newBurst: 4, newPerSecond: 1 } })
  try {
    const some = await Promise.all(['legacy', 'modern-1', 'modern-2'].map((v) => server.endpoint(v as Version)))
    assert.equal(await firstLine(await raw(upgrade(), Number(server.url.port))), 'closed')
    assert.ok((await counter(server, 'refused', 'address_full')) > 0)
    for (const endpoint of some) endpoint.close()
    await server.workload.until(({ counts }) => counts.connections === 0)
    const { port } = server.config.proxied!
    const behind = (address: string) => raw(upgrade(`x-forwarded-for: 192.0.2.9, ${address}\r\n`), port)
    const statuses = []
    for (let count = 0; count < 5; count++) statuses.push(await firstLine(await behind('198.51.100.7')))
    assert.deepEqual(
      statuses.map((line) => line.slice(9, 12)),
      ['101', '101', '101', '101', '429'],
    )
    assert.match(await firstLine(await behind('198.51.100.8')), /101/)
  } finally {
    await server.stop()
  }
})

test('a fast sender is slowed down, and loses nothing', async () => {
  const server = await startIroh({ limits: { connectionPace: { bytesPerSecond: 400_000, burst: 100_000 } } })
  try {
    const [one, two] = [await server.endpoint('legacy'), await server.endpoint('legacy')]
    const sent = Array.from({ length: 200 }, (_, index) => Buffer.alloc(1200, index))
    for (const data of sent) one.send(two.key, data)
    for (const data of sent) assert.deepEqual(await two.datagram(one.key), data)
    const metrics = await server.workload.management('/metrics')
    assert.match(metrics, /^chatmail_iroh_slowed_down_total [1-9]/m)
    await one.ping()
  } finally {
    await server.stop()
  }
})

test('limits of a spec are in force: connections of one address, and how fast one is read', async () => {
  const given = { connectionsPerIP: 3, newBurst: 50, bandwidth: 400_000, bandwidthBurst: 65_536 }
  const spec = serverOf({ iroh: { limits: given } })
  const { limits } = renderIrohConfig(spec, {
    ...outsideACluster,
    platform: 'local',
    certificate: {},
  } as unknown as Facts)
  const server = await startIroh({ limits })
  try {
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => server.endpoint('legacy')))
    assert.equal(await firstLine(await raw(upgrade(), Number(server.url.port))), 'closed')
    const { port } = server.config.proxied!
    const behind = await raw(upgrade('x-forwarded-for: 198.51.100.7\r\n'), port)
    assert.match(await firstLine(behind), /101/)
    const sent = Array.from({ length: 200 }, (_, index) => Buffer.alloc(1200, index))
    for (const data of sent) one!.send(two!.key, data)
    for (const data of sent) assert.deepEqual(await two!.datagram(one!.key), data)
    assert.match(await server.workload.management('/metrics'), /^chatmail_iroh_slowed_down_total [1-9]/m)
    three!.close()
  } finally {
    await server.stop()
  }
})

test('a new certificate is used at once, and connections go on', async () => {
  const running = await relay.endpoint('legacy', { url: relay.secureUrl, tls: { ca: relay.certificate.cert } })
  const next = await selfSignedCertificate(['localhost', '127.0.0.1', 'new.example.org'])
  relay.workload.write(mountedFiles.certificate, next.cert)
  relay.workload.write(mountedFiles.privateKey, next.key)
  const names = async (): Promise<string> => {
    const socket = connectTls({ port: Number(relay.secureUrl.port), host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { subjectaltname } = socket.getPeerCertificate()
    socket.destroy()
    return subjectaltname ?? ''
  }
  await relay.workload.until(({ loaded }) => loaded[mountedFiles.certificate]!.error === undefined)
  for (const deadline = Date.now() + 10_000; !(await names()).includes('new.example.org'); )
    assert.ok(Date.now() < deadline, 'the new certificate is not used')
  await running.ping()
  running.close()
})

test('stop: clients are told, sent away one after the other, and nobody new is taken', async () => {
  const server = await startIroh({ drain: { spread: 1 } })
  try {
    const endpoints = await Promise.all(
      Array.from({ length: 20 }, (_, index) => server.endpoint(allVersions[index % allVersions.length]!)),
    )
    const ends = endpoints.map((endpoint) => endpoint.closed.then(() => performance.now()))
    server.workload.signal('SIGTERM')
    const told = await Promise.all(endpoints.map((endpoint) => endpoint.next(({ kind }) => kind === 'restarting')))
    const waits = told.map((received) => ('data' in received ? received.data.readUInt32BE(0) : Number.NaN))
    assert.ok(waits.every((wait) => wait < 1000) && new Set(waits).size > 10)
    await assert.rejects(server.endpoint('legacy'), /ECONNREFUSED|closed|503/)
    const times = (await Promise.all(ends)).sort((a, b) => a - b)
    assert.ok(times.at(-1)! > times[0]!)
    assert.equal(await server.workload.exited, 0)
  } finally {
    await server.stop()
  }
})

test('a port that is taken and a configuration that is wrong end it with their exit codes', async () => {
  await assert.rejects(startIroh({ port: Number(relay.url.port) }), /ended with 69: .*taken by another process/s)
  const wrong = startIroh({ limits: { queueBytes: -1 } })
  await assert.rejects(wrong, /ended with 78: .*limits\.queueBytes/s)
})

test('No-Log: no key, no address, no port of a client in what it has said', async () => {
  const endpoint = await relay.endpoint('modern-2')
  await assert.rejects(relay.endpoint('legacy', { identity: { ...newIdentity(), sign: () => Buffer.alloc(64) } }))
  const said = [relay.workload.output]
  for (const path of ['/metrics', '/state']) said.push(await relay.workload.management(path))
  for (const secret of [endpoint.key.toString('hex'), endpoint.key.toString('base64'), '127.0.0.1', 'localhost'])
    assert.ok(!said.join('\n').includes(secret), secret)
  assert.match(said[0]!, /"workload":"iroh"/)
  endpoint.close()
})

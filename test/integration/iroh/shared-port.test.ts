// The relay behind the HTTPS port of mail: one port and one certificate for the page, mail and real-time apps.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Version, versions } from '../../../workloads/iroh/client/endpoint.ts'
import { type IrohProcess, startIroh } from '../../support/iroh-process.ts'
import { MailProcess } from '../../support/mail-process.ts'

let relay: IrohProcess
let mail: MailProcess
before(async () => {
  relay = await startIroh({ limits: { connectionsPerAddress: 4 } })
  mail = await MailProcess.start({ config: { iroh: { host: '127.0.0.1', port: relay.config.proxied!.port } } })
})
after(async () => {
  await mail?.stop()
  await relay?.stop()
})

const tls = { rejectUnauthorized: false }
const origin = (): URL => new URL(`https://127.0.0.1:${mail.ports.https}/`)

const get = (
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> =>
  new Promise((resolve, reject) => {
    httpsRequest(new URL(path, origin()), { ...tls, headers, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text }))
    })
      .on('error', reject)
      .end()
  })

test('every version of the relay’s protocol, large and small', async () => {
  for (const version of Object.keys(versions) as Version[]) {
    const [one, two] = [
      await relay.endpoint(version, { url: origin(), tls }),
      await relay.endpoint(version, { url: origin(), tls }),
    ]
    for (const size of [1, 65_000]) {
      const data = randomBytes(size)
      one.send(two.key, data)
      assert.deepEqual(await two.datagram(one.key), data)
    }
    one.close()
    two.close()
    await relay.workload.until(({ counts }) => counts.connections === 0)
  }
})

test('the probes are the relay’s, the page and everything else is mail’s', async () => {
  assert.equal((await get('/ping')).headers['access-control-allow-origin'], '*')
  const portal = await get('/generate_204', { 'x-iroh-challenge': 'abc', 'x-forwarded-for': '192.0.2.1' })
  assert.deepEqual([portal.status, portal.headers['x-iroh-response']], [204, 'response abc'])
  assert.equal((await get('/relay')).status, 400)
  assert.match((await get('/')).text, /dclogin:/)
  assert.equal((await get('/other')).status, 404)
})

test('without TLS the relay is there as well, and everything else leads to the page', async () => {
  const url = new URL(`http://127.0.0.1:${mail.ports.http}/`)
  const [one, two] = [await relay.endpoint('legacy', { url }), await relay.endpoint('legacy', { url })]
  one.send(two.key, Buffer.from('plain'))
  assert.equal((await two.datagram(one.key)).toString(), 'plain')
  one.close()
  two.close()
  assert.equal((await fetch(new URL('/generate_204', url))).status, 204)
  assert.equal((await fetch(url, { redirect: 'manual' })).status, 308)
  await relay.workload.until(({ counts }) => counts.connections === 0)
})

test('who is behind counts at the relay, whatever a client says of itself', async () => {
  const endpoints = []
  for (let count = 0; count < 4; count++) endpoints.push(await relay.endpoint('legacy', { url: origin(), tls }))
  await assert.rejects(relay.endpoint('legacy', { url: origin(), tls }), /answered with 429/)
  const socket = connectTls({ port: mail.ports.https, host: '127.0.0.1', ...tls })
  await once(socket, 'secureConnect')
  socket.write('GET /relay HTTP/1.1\r\nupgrade: iroh derp http\r\nx-forwarded-for: 192.0.2.77\r\nhost: x\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.match(answer.toString(), /^HTTP\/1\.1 429/)
  socket.destroy()
  for (const endpoint of endpoints) endpoint.close()
  await relay.workload.until(({ counts }) => counts.connections === 0)
})

/** A relay that does what none should. */
const badRelay = async (behaviour: (socket: Socket) => void): Promise<{ server: Server; mail: MailProcess }> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    behaviour(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  return { server, mail: await MailProcess.start({ config: { iroh: { host: '127.0.0.1', port } } }) }
}

test('mail outlives whatever its relay does', async () => {
  const behaviours: ((socket: Socket) => void)[] = [
    (socket) => socket.destroy(),
    (socket) => socket.end('nonsense\r\n\r\n'),
    (socket) => socket.write('HTTP/1.1 101 x\r\n\r\n', () => socket.resetAndDestroy()),
    (socket) => void socket.pipe(socket),
  ]
  const turn = { next: 0 }
  const { server, mail: other } = await badRelay((socket) => behaviours[turn.next++ % behaviours.length]!(socket))
  try {
    for (let round = 0; round < 12; round++) {
      const socket = connectTls({ port: other.ports.https, host: '127.0.0.1', ...tls })
      socket.on('error', () => undefined)
      await once(socket, 'secureConnect')
      socket.write(
        round % 3 === 0
          ? 'GET /ping HTTP/1.1\r\nhost: x\r\n\r\n'
          : 'GET /relay HTTP/1.1\r\nupgrade: iroh derp http\r\nhost: x\r\n\r\n',
      )
      await Promise.race([once(socket, 'data'), once(socket, 'close')])
      socket.destroy()
    }
    server.close()
    const url = new URL(`https://127.0.0.1:${other.ports.https}/`)
    await assert.rejects(relay.endpoint('legacy', { url, tls }))
    const page = connectTls({ port: other.ports.https, host: '127.0.0.1', ...tls })
    page.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    const [answer] = (await once(page, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 200/)
    page.destroy()
  } finally {
    server.close()
    await other.stop()
  }
})

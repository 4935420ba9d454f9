import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { completed, readHead } from './complete-head.ts'

const head = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'))

test('a Connection header is added where an upgrade lacks one, and nowhere else', () => {
  const bare = head('GET /relay HTTP/1.1\nupgrade: x\nhost: h\n\nrest upgrade: x')
  assert.equal(
    completed(bare).toString(),
    head('GET /relay HTTP/1.1\nupgrade: x\nhost: h\nconnection: upgrade\n\nrest upgrade: x').toString(),
  )
  for (const text of [
    'GET / HTTP/1.1\nHost: h\n\n',
    'GET / HTTP/1.1\nUpgrade: x\nConnection: Upgrade\n\n',
    'GET / HTTP/1.1\nCONNECTION: close\nupgrade: x\n\n',
    'GET /\nupgrade: x',
    '\n\n',
    '',
  ])
    assert.deepEqual(completed(head(text)), head(text))
})

/** A server whose requests pass `readHead`; resolves to what a client that sends `pieces` gets first. */
const exchange = async (pieces: readonly string[]): Promise<string> => {
  const http = createHttpServer((_request, response) => response.end('answer'))
  http.on('upgrade', (_request, socket, rest) => socket.end(`upgraded ${rest}`))
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    readHead(socket, () => http.emit('connection', socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  try {
    for (const piece of pieces) await new Promise((sent) => client.write(piece, sent))
    const [answer] = (await once(client, 'data')) as [Buffer]
    return answer.toString()
  } finally {
    client.destroy()
    server.close()
  }
}

test('node takes the completed request for an upgrade, in one piece, with more behind it, or byte by byte', async () => {
  const request = 'GET /relay HTTP/1.1\r\nupgrade: iroh derp http\r\nhost: h\r\n\r\n'
  assert.equal(await exchange([request]), 'upgraded ')
  assert.equal(await exchange([`${request}glued`]), 'upgraded glued')
  assert.equal(await exchange([...request]), 'upgraded ')
  assert.match(await exchange(['GET / HTTP/1.1\r\nhost: h\r\n\r\n']), /^HTTP\/1\.1 200 /)
  assert.match(await exchange(['\x16\x03\x01']), /^HTTP\/1\.1 400 /)
  assert.match(await exchange([`GET / HTTP/1.1\r\nx: ${'y'.repeat(17_000)}`]), /^HTTP\/1\.1 431 /)
})

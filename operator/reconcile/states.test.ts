import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { stateOf } from '../../test/support/operator/gathered.ts'
import { readState } from './states.ts'

/** What is read where a pod answers so. */
const readFrom = async (answer: RequestListener, host = '127.0.0.1') => {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  try {
    return await readState(host, (server.address() as AddressInfo).port, 'token')
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

const state = stateOf({ 'relays.json': '{}' })

test('a pod is asked with the token, by IPv4 and IPv6', async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const asked: (string | undefined)[] = []
    const read = await readFrom(({ method, url, headers }, response) => {
      asked.push(method, url, headers.authorization)
      response.end(JSON.stringify(state))
    }, host)
    assert.deepEqual(read, state)
    assert.deepEqual(asked, ['GET', '/state', 'Bearer token'])
  }
})

const improper: Record<string, RequestListener> = {
  'another status': (_, response) => response.writeHead(401).end(JSON.stringify(state)),
  'a redirection': (_, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
  'what is no JSON': (_, response) => response.end('{'),
  'another kind of object': (_, response) => response.end('{"workload":"cache"}'),
  'an answer that is cut off': (_, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write(JSON.stringify(state))
    setImmediate(() => response.destroy())
  },
  'an answer without end': (_, response) => {
    const more = (): void =>
      void (response.write(' '.repeat(65_536)) ? setImmediate(more) : response.once('drain', more))
    more()
  },
}

for (const [name, answer] of Object.entries(improper))
  test(`${name} is no state`, async () => assert.equal(await readFrom(answer), null))

test('nobody there is no state', async () => {
  let port = 0
  await readFrom(({ socket }, response) => {
    port = socket.localPort!
    response.end()
  })
  assert.equal(await readState('127.0.0.1', port, 'token'), null)
})

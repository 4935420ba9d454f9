/** The same server with coturn as its relay: a stock client is given a credential that coturn takes, now and after a new key. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { coreMissing } from '../support/deltachat.ts'
import { eventually } from '../support/eventually.ts'
import { LocalServer, type ServerSummary } from '../support/local-server.ts'
import { missing } from '../support/oracle.ts'
import { Person } from '../support/person.ts'
import { allocateAndEcho } from '../support/turn-client.ts'

describe('engine Coturn', { skip: coreMissing() || missing('turnserver') }, () => {
  let server: LocalServer
  let summary: ServerSummary
  let alice: Person

  before(async () => {
    ;({ server, summary } = await LocalServer.start({ spec: { turn: { engine: 'Coturn' } } }))
    alice = await Person.join('Alice', summary.invite)
  })
  after(async () => {
    await alice?.stop()
    await server?.stop()
  })

  const relayed = async (): Promise<number> => {
    const [ice] = await alice.iceServers()
    assert.deepEqual(ice!.urls, [`turn:${summary.turn.host}:${summary.turn.port}`])
    const { host, port } = summary.turn
    return (await allocateAndEcho({ host, port, username: ice!.username, password: ice!.credential })).relayed.port
  }

  test("what the client holds goes through coturn, at a port of the server's range", async () => {
    const { min, max } = summary.turn.relayPorts
    const port = await relayed()
    assert.ok(port >= min && port <= max)
    const [note] = globSync(join(server.dataDir, 'pods/*turn*/**/turnserver.pid'))
    assert.match(readFileSync(`/proc/${Number(readFileSync(note!, 'utf8'))}/cmdline`, 'latin1'), /turnserver/)
  })

  test('it comes back when coturn is killed', async () => {
    const [note] = globSync(join(server.dataDir, 'pods/*turn*/**/turnserver.pid'))
    process.kill(Number(readFileSync(note!, 'utf8')), 'SIGKILL')
    await eventually(relayed)
  })

  test('a machine without it is told what to install', async () => {
    await assert.rejects(
      LocalServer.start({ spec: { turn: { engine: 'Coturn' } }, path: '/nowhere' }),
      /ended with 69: .*turnserver is not on the PATH; install it \(Debian: apt-get install coturn\)/s,
    )
  })

  test('No-Log: neither the client nor its credential is in what the server has written', async () => {
    const [ice] = await alice.iceServers()
    const address = await alice.call<string>('get_config', 'addr')
    const logs = globSync(join(server.dataDir, 'logs/*')).map((file) => readFileSync(file, 'utf8'))
    assert.match(server.stderr, /turnserver ended by itself/)
    for (const word of [ice!.username, ice!.credential, address])
      for (const text of [server.stderr, ...logs]) assert.ok(!text.includes(word))
  })
})

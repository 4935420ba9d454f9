/**
 * Two people call each other with Delta Chat: its core carries the call's messages, its web app makes the call, and the relay
 * carries sound and pictures. Nobody presses a button here; everything else is as in the app.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '../support/browser.ts'
import { coreMissing } from '../support/deltachat.ts'
import { eventually } from '../support/eventually.ts'
import { LocalServer } from '../support/local-server.ts'
import { missing } from '../support/oracle.ts'
import { nextInvite, Person } from '../support/person.ts'

const app = createRequire(import.meta.url)
  .resolve('@deltachat/calls-webapp/package.json')
  .replace('package.json', 'dist/index.html')
const patienceMs = 30_000

type CallStats = { path: string[]; frames: number; sound: number }
/** What the web app tells the app around it. */
type Hooks = { startCall: (offer: string) => void; acceptCall: (answer: string) => void; endCall: () => void }

const payload = (command: string, text: string): string =>
  `${command}=${encodeURIComponent(Buffer.from(text, 'latin1').toString('base64'))}`

describe('a call between two people with Delta Chat', { skip: coreMissing() || missing('chromium') }, () => {
  let server: LocalServer
  let browser: Browser
  let alice: Person
  let bob: Person
  let chatWithBob: number
  const pages: Page[] = []
  const stop: (() => Promise<unknown>)[] = []
  const call = { alice: 0, bob: 0 }

  before(async () => {
    const started = await LocalServer.start()
    server = started.server
    stop.unshift(() => server.stop())
    browser = await openBrowser()
    stop.unshift(() => browser.close())
    alice = await Person.join('Alice', started.summary.invite)
    stop.unshift(() => alice.stop())
    bob = await Person.join('Bob', await nextInvite(started.summary.web))
    stop.unshift(() => bob.stop())
    await bob.secureJoin(alice)
    chatWithBob = await alice.chatWith(bob)
  })
  after(async () => {
    for (const each of stop) await each()
  })

  /** The app's window for a call, with relay alone. */
  const open = async (person: Person, hooks: Partial<Hooks>, command: string): Promise<Page> => {
    const page = await browser.newPage()
    pages.push(page)
    const iceServers = JSON.stringify(await person.iceServers())
    for (const name of ['startCall', 'acceptCall', 'endCall'] as const)
      await page.exposeFunction(`on_${name}`, hooks[name] ?? (() => undefined))
    await page.addInitScript({ path: join(import.meta.dirname, '../support/relay-only.js') })
    await page.addInitScript(`window.calls = {
      startCall: on_startCall, acceptCall: on_acceptCall, endCall: on_endCall,
      getIceServers: () => ${JSON.stringify(iceServers)}, getAvatar: () => '',
    }`)
    await page.goto(`${pathToFileURL(app)}#${command}`)
    return page
  }

  const stats = (page: Page): Promise<CallStats> => page.evaluate('callStats()')

  /** Sound and pictures come in at both ends, from now on. */
  const goesOn = async (): Promise<void> => {
    const before = await Promise.all(pages.map(stats))
    await eventually(async () => {
      for (const [index, { frames, sound }] of (await Promise.all(pages.map(stats))).entries()) {
        assert.ok(frames >= before[index]!.frames + 10)
        assert.ok(sound >= before[index]!.sound + 10)
      }
    }, patienceMs)
  }

  const relayed = async (): Promise<number> =>
    Number(/relayed_packets_total\{direction="to_client"\} (\d+)/.exec(await server.ask('turn', '/metrics'))![1])

  const allocations = async (): Promise<number> => JSON.parse(await server.ask('turn', '/state')).counts.allocations

  test('Alice calls, Bob answers, and each sees and hears the other through the relay', async () => {
    const offered = Promise.withResolvers<string>()
    const answered = Promise.withResolvers<string>()
    const alicePage = await open(
      alice,
      { startCall: offered.resolve, endCall: () => void alice.call('end_call', call.alice) },
      'startCall',
    )
    call.alice = await alice.call<number>('place_outgoing_call', chatWithBob, await offered.promise, true)
    const incoming = await bob.event('IncomingCall')
    call.bob = Number(incoming.msg_id)
    await open(bob, { acceptCall: answered.resolve }, payload('acceptCall', String(incoming.place_call_info)))
    await bob.call('accept_incoming_call', call.bob, await answered.promise)
    const accepted = await alice.event('OutgoingCallAccepted')
    const command = payload('onAnswer', String(accepted.accept_call_info))
    await alicePage.evaluate(`location.hash = ${JSON.stringify(command)}`)
    await eventually(async () => {
      for (const page of pages) assert.deepEqual((await stats(page)).path, ['relay', 'relay'])
    }, patienceMs)
    const before = await relayed()
    await goesOn()
    assert.ok((await relayed()) > before + 20)
  })

  test('it goes on while the mail process is killed and comes back', async () => {
    const [file] = globSync(join(server.dataDir, 'pods', '*mail*', 'process.json'))
    const { pid } = JSON.parse(readFileSync(file!, 'utf8'))
    process.kill(pid, 'SIGKILL')
    await goesOn()
    await eventually(() => server.ask('mail', '/state'), patienceMs)
    for (const person of [alice, bob]) await person.core.call('maybe_network')
    await goesOn()
  })

  test('Alice hangs up: Bob is told, and nothing stays allocated', async () => {
    await pages[0]!.evaluate('__callsManager.endCall()')
    // The session that Alice would send through died with the mail process: her core waits half a minute then, unless it
    // hears of the network.
    const network = setInterval(() => void alice.core.call('maybe_network'), 1000)
    const ended = await bob.event('CallEnded').finally(() => clearInterval(network))
    assert.equal(Number(ended.msg_id), call.bob)
    const { state } = await alice.call<{ state: { kind: string } }>('call_info', call.alice)
    assert.equal(state.kind, 'Completed')
    await pages[1]!.evaluate('__callsManager.endCall()')
    await eventually(async () => assert.equal(await allocations(), 0), patienceMs)
  })
})

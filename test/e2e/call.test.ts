/** A call between two browsers that may use nothing but the relay: Chromium's WebRTC is what Delta Chat calls with. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { findProgram, missing } from '../support/oracle.ts'
import { newTurnKeyring, TurnProcess } from '../support/turn-process.ts'

/** Quiet, and with loopback among the addresses that WebRTC may use. */
const flags = [
  '--allow-loopback-in-peer-connection',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
]

/** Short, so that the call has to refresh its allocations while the test looks on; seconds. */
const lifetime = { default: 8, max: 8 }

describe('a call in Chromium', { skip: missing('chromium') }, () => {
  let turn: TurnProcess
  let browser: Browser
  let page: Page

  before(async () => {
    turn = await TurnProcess.start({ config: (config) => ({ ...config, lifetime }) })
    browser = await chromium.launch({ executablePath: findProgram('chromium')!, args: flags })
    page = await browser.newPage()
    await page.addScriptTag({ path: join(import.meta.dirname, '../support/call-page.js') })
  })
  after(async () => {
    await browser?.close()
    await turn?.stop()
  })

  const say = (words: string): Promise<string> => page.evaluate(`say(${JSON.stringify(words)})`)
  const framesSeen = (): Promise<number> => page.evaluate('framesSeen()')
  const refreshes = async (): Promise<number> =>
    Number(/answers_total\{method="refresh",code="success"\} (\d+)/i.exec(await turn.management('/metrics'))?.[1] ?? 0)

  test('words and pictures go through the relay at both ends', async () => {
    const { username, password } = turn.login()
    const server = { urls: `turn:127.0.0.1:${turn.address.port}`, username, credential: password }
    await page.evaluate(`startCall(${JSON.stringify(server)})`)
    assert.equal(await say('hello'), 'hello, and back')
    assert.deepEqual(await page.evaluate('candidateTypes()'), ['relay', 'relay'])
    await eventually(async () => assert.ok((await framesSeen()) >= 10))
  })

  test('the call goes on when its key has left the ring and its allocations are refreshed', async () => {
    const next = newTurnKeyring()
    await turn.rotate({ ...next, generation: 2, keys: [{ ...next.keys[0]!, id: 'k2' }] })
    const frames = await framesSeen()
    const before = await refreshes()
    await eventually(async () => assert.ok((await refreshes()) >= before + 4), 30_000)
    assert.equal(await say('still there'), 'still there, and back')
    assert.ok((await framesSeen()) > frames + 10)
  })
})

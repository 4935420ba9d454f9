// A call from networks that let nothing out but HTTPS: Chromium's WebRTC by TURN on the port of the page.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { workloadState } from '../../workloads/contract/state.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { LocalServer } from '../support/local-server.ts'
import { missing } from '../support/oracle.ts'
import { loginFor } from '../support/turn-process.ts'

const patienceMs = 60_000

describe('a call through the HTTPS port', { skip: missing('chromium') }, () => {
  let server: LocalServer
  let browser: Browser

  before(async () => {
    server = (await LocalServer.start()).server
    // Its certificate is its own.
    browser = await openBrowser(['--ignore-certificate-errors'])
  })
  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  const count = async (of: 'mail' | 'turn', what: string): Promise<number> =>
    workloadState.parse(JSON.parse(await server.ask(of, '/state'))).counts[what]!

  for (const scheme of ['turns', 'turn'])
    test(`words, sound and pictures by ${scheme}:`, async () => {
      const page = await browser.newPage()
      await page.addScriptTag({ path: join(import.meta.dirname, '../support/call-page.js') })
      const { username, password } = loginFor(server.turnKeyring())
      const urls = `${scheme}:127.0.0.1:${server.ports.https}?transport=tcp`
      await page.evaluate(`startCall(${JSON.stringify({ urls, username, credential: password })})`)
      assert.deepEqual(await page.evaluate('candidateTypes()'), ['relay', 'relay'])
      assert.deepEqual([await count('mail', 'turnConnections'), await count('turn', 'allocations')], [2, 2])
      await eventually(async () => {
        const { answered } = (await page.evaluate('echoes()')) as { answered: number }
        const { audio, video } = (await page.evaluate('media()')) as Record<string, Record<string, number>>
        assert.ok(answered >= 10 && video!.framesDecoded! >= 10 && audio!.packetsReceived! >= 10)
      }, patienceMs)
      await page.close()
      await eventually(async () => assert.equal(await count('turn', 'allocations'), 0), patienceMs)
    })
})

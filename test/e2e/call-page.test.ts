/** The page for a call between two tabs, as somebody uses it who wonders whether their relay works. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { turnCredential } from '../../workloads/contract/credential.ts'
import { signingKey } from '../../workloads/contract/keyring.ts'
import { type Page as Served, servePage } from '../../workloads/turn/client/page/serve.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { missing } from '../support/oracle.ts'
import { TurnProcess } from '../support/turn-process.ts'

const patienceMs = 30_000

describe('the page for a call between two tabs', { skip: missing('chromium') }, () => {
  let turn: TurnProcess
  let browser: Browser
  let served: Served

  before(async () => {
    turn = await TurnProcess.start()
    browser = await openBrowser()
    served = await servePage({
      port: 0,
      iceServer: () => {
        const { username, password } = turnCredential(
          signingKey(turn.keyring).secret,
          Math.floor(Date.now() / 1000) + 60,
        )
        return { urls: [`turn:127.0.0.1:${turn.address.port}`], username, credential: password }
      },
    })
  })
  after(async () => {
    await browser?.close()
    served?.close()
    await turn?.stop()
  })

  test('a call from one tab to the other shows what was gathered and what is relayed', async () => {
    const context = await browser.newContext()
    const [first, second] = (await Promise.all([context.newPage(), context.newPage()])) as [Page, Page]
    const errors: string[] = []
    for (const page of [first, second]) {
      page.on('pageerror', ({ message }) => errors.push(message))
      await page.goto(served.url)
    }
    await first.click('#call')
    for (const page of [first, second]) {
      await eventually(async () => {
        const figures = await page.textContent('#figures')
        assert.match(figures ?? '', /relay → relay/)
        assert.match(figures ?? '', /Pictures drawn[1-9]/)
      }, patienceMs)
      assert.match((await page.textContent('#candidates')) ?? '', /relayudp127\.0\.0\.1:\d+/)
      assert.equal(await page.textContent('#state'), 'The call is connected.')
    }
    await second.click('#end')
    await eventually(async () => assert.equal(await first.textContent('#state'), 'The call is over.'))
    await turn.until(({ counts }) => counts.allocations === 0)
    assert.deepEqual(errors, [])
  })

  test('another site learns no credential, by whatever name it comes', async () => {
    const { port } = new URL(served.url)
    const answer = await fetch(`http://127.0.0.1:${port}/ice-server`, { headers: { origin: 'https://evil.example' } })
    assert.equal(answer.headers.get('access-control-allow-origin'), null)
    const { get } = await import('node:http')
    const status = await new Promise((resolve) =>
      get({ host: '127.0.0.1', port, path: '/ice-server', headers: { host: 'evil.example' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }),
    )
    assert.equal(status, 403)
  })
})

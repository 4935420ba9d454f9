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

  const iceUrls = () => [`turn:127.0.0.1:${turn.address.port}?transport=udp`]

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
        return { urls: iceUrls(), username, credential: password }
      },
    })
  })
  after(async () => {
    await browser?.close()
    served?.close()
    await turn?.stop()
  })

  const open = async (url: string) => {
    const context = await browser.newContext()
    const errors: string[] = []
    const page = async () => {
      const opened = await context.newPage()
      opened.on('pageerror', ({ message }) => errors.push(message))
      opened.on('console', (said) => said.type() === 'error' && errors.push(said.text()))
      await opened.goto(url)
      return opened
    }
    return { first: await page(), second: await page(), third: page, errors, close: () => context.close() }
  }
  const says = (page: Page, id: string, expected: RegExp) =>
    eventually(async () => assert.match((await page.textContent(`#${id}`)) ?? '', expected), patienceMs)
  const reached = (page: Page) => page.locator('#steps li').evaluateAll((items) => items.map((item) => item.dataset.is))

  test('a call from one side to the other shows what was gathered and what is relayed', async () => {
    const { first, second, third, errors, close } = await open(served.url)
    await first.click('#call')
    for (const page of [first, second]) {
      await says(page, 'figures', /relay → relay/)
      await says(page, 'figures', /Pictures drawn[1-9]/)
      await says(page, 'candidates', /hererelayUDP127\.0\.0\.1:\d+.*thererelayUDP127\.0\.0\.1:\d+/)
      await says(page, 'title', /The call is up, through the relay alone/)
      await says(page, 'graphs', /sent [1-9].*received [1-9]/)
      assert.deepEqual(await reached(page), Array(5).fill('done'))
      await eventually(async () => assert.match((await page.getAttribute('path.first', 'd')) ?? '', /^M.*L/))
    }
    const stranger = await third()
    await stranger.click('#call')
    await says(stranger, 'title', /The other side is in a call already/)
    await stranger.close()
    await second.click('#end')
    for (const page of [first, second]) await says(page, 'title', /The call is over/)
    await turn.until(({ counts }) => counts.allocations === 0)
    await first.click('#call')
    await says(second, 'title', /The call is up/)
    await first.close()
    await says(second, 'title', /The call is over/)
    assert.deepEqual(errors, [])
    await close()
  })

  test("a key that is not the server's is named on both sides, and so is the end of the command", async () => {
    const credential = { username: `${Math.floor(Date.now() / 1000) + 60}`, credential: 'wrong' }
    const wrong = await servePage({ port: 0, iceServer: () => ({ urls: iceUrls(), ...credential }) })
    const { first, second, close } = await open(wrong.url)
    await first.click('#call')
    for (const page of [first, second]) {
      await says(page, 'title', /The relay refuses the credential \(401\)/)
      await says(page, 'advice', /--secret-file/)
    }
    assert.equal((await reached(first))[1], 'failed')
    wrong.close()
    await first.click('#call')
    await says(first, 'title', /The command that serves this page has ended/)
    await close()
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

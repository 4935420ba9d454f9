/**
 * A call between two browsers that may use nothing but the relay, while everything changes around it: Chromium's WebRTC is
 * what Delta Chat calls with. Words go to and fro all the time, and are counted.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { mountedFiles } from '../../workloads/contract/mounts.ts'
import { openBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { missing } from '../support/oracle.ts'
import { newTurnSecret, TurnProcess } from '../support/turn-process.ts'

/** Short, so that the call has to refresh its allocations while the test looks on; seconds. */
const lifetime = { default: 8, max: 8 }
/** The credential is over soon after the call has begun; seconds. */
const credentialLife = 5
const patienceMs = 60_000

type Media = Record<'audio' | 'video', { packetsReceived: number; packetsLost: number; framesDecoded?: number }>

describe('a call in Chromium', { skip: missing('chromium') }, () => {
  let turn: TurnProcess
  let browser: Browser
  let page: Page

  before(async () => {
    turn = await TurnProcess.start({ config: (config) => ({ ...config, lifetime, drain: { deadline: 600 } }) })
    browser = await openBrowser()
    page = await browser.newPage()
    await page.addScriptTag({ path: join(import.meta.dirname, '../support/call-page.js') })
  })
  after(async () => {
    await browser?.close()
    await turn?.stop()
  })

  const echoes = (): Promise<{ sent: number; answered: number }> => page.evaluate('echoes()')
  const media = (): Promise<Media> => page.evaluate('media()')
  const refreshes = async (): Promise<number> =>
    Number(/answers_total\{method="refresh",code="success"\} (\d+)/i.exec(await turn.management('/metrics'))?.[1] ?? 0)

  /** The call goes on: words are answered, frames are drawn, the tone is heard, from now on. */
  const goesOn = async (): Promise<void> => {
    const [words, before] = [await echoes(), await media()]
    await eventually(async () => {
      const [{ answered }, { audio, video }] = [await echoes(), await media()]
      assert.ok(answered >= words.answered + 10)
      assert.ok(video.framesDecoded! >= before.video.framesDecoded! + 10)
      assert.ok(audio.packetsReceived >= before.audio.packetsReceived + 10)
    }, patienceMs)
  }

  /** Both allocations have been refreshed twice since. */
  const refreshed = async (): Promise<void> => {
    const before = await refreshes()
    await eventually(async () => assert.ok((await refreshes()) >= before + 4), patienceMs)
  }

  test('words, sound and pictures go through the relay at both ends', async () => {
    const { username, password } = turn.login(credentialLife)
    const server = { urls: `turn:127.0.0.1:${turn.address.port}`, username, credential: password }
    await page.evaluate(`startCall(${JSON.stringify(server)})`)
    assert.deepEqual(await page.evaluate('candidateTypes()'), ['relay', 'relay'])
    await eventually(async () => assert.ok(((await media()).video?.framesDecoded ?? 0) > 0), patienceMs)
    await goesOn()
  })

  test('it goes on while the key is rotated through all its phases', async () => {
    const [first] = turn.keyring.keys
    const next = { id: 'k2', secret: newTurnSecret() }
    const [old, since] = [{ id: first!.id, secret: first!.secret }, 2]
    await turn.rotate({ generation: 2, keys: [{ ...next, role: 'verify' }, first!] })
    await goesOn()
    await turn.rotate({
      generation: 3,
      keys: [
        { ...next, role: 'sign', since },
        { ...old, role: 'verify' },
      ],
    })
    await goesOn()
    await turn.rotate({ generation: 4, keys: [{ ...next, role: 'sign', since }] })
    await goesOn()
  })

  test('it goes on while the ring is rubbish, and when it is mended', async () => {
    turn.write(mountedFiles.keyring, 'rubbish')
    await turn.until(({ loaded }) => loaded[mountedFiles.keyring]?.error !== undefined)
    await goesOn()
    await turn.rotate({ ...turn.keyring, generation: 5 })
    await goesOn()
  })

  test('its allocations are refreshed after the credential has expired and the key is gone', async () => {
    await refreshed()
    await goesOn()
  })

  test('it goes on while the server drains, and the server ends when the call does', async () => {
    turn.signal('SIGTERM')
    await turn.until(({ draining }) => draining)
    await refreshed()
    await goesOn()
    assert.deepEqual(await page.evaluate('connectionStates()'), ['connected', 'connected'])
    const { audio, video } = await media()
    for (const { packetsLost, packetsReceived } of [audio, video])
      assert.ok(packetsLost <= packetsReceived / 100, `${packetsLost} lost of ${packetsReceived}`)
    const { sent } = await echoes()
    await eventually(async () => assert.ok((await echoes()).answered >= sent, 'every word is answered'))
    await page.evaluate('hangUp()')
    assert.equal(await turn.exited, 0)
    assert.match(turn.output, /"ended":"empty","cut":0/)
  })
})

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { MailConfig } from '../../../workloads/contract/mail-config.ts'
import { createApp } from '../../../workloads/mail/http/app.ts'
import type { Register } from '../../../workloads/mail/http/registration/register.ts'
import { WebServer } from '../../../workloads/mail/http/server.ts'
import { testDomain, testMailConfig } from '../../support/mail-config.ts'

const given = { ok: true, address: `abc123xyz@${testDomain}`, password: 'Secret0123456789abcdef' } as const

const site = async (t: TestContext, overrides: Partial<MailConfig> = {}, register: Register = async () => given) => {
  const config = testMailConfig(overrides)
  const web = new WebServer(
    createApp({ config, register, random: (below) => randomInt(below), now: () => performance.now() }),
    config.public.host,
    config.public.https,
  )
  const listeners = [true, false].map((secure) => createServer((socket) => web.accept(socket, { secure })))
  for (const listener of listeners) await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done))
  t.after(() => {
    web.stop()
    for (const listener of listeners) listener.close()
  })
  const [secure, plain] = listeners.map((listener) => (listener.address() as AddressInfo).port)
  return { web, secure: secure!, url: `http://127.0.0.1:${secure}`, plainUrl: `http://127.0.0.1:${plain}` }
}

/** Sends bytes, reads until the server closes or a whole answer with Content-Length is there. */
const raw = (port: number, request: string | Buffer): Promise<string> =>
  new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const finish = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1')
      const length = /content-length: (\d+)/i.exec(answer)
      const head = answer.indexOf('\r\n\r\n')
      if (length && head > 0 && answer.length >= head + 4 + Number(length[1])) finish()
    })
    socket.on('end', finish).on('error', finish)
  })

test('the page shows an invite of its own to each visitor, and nothing from outside', async (t) => {
  const { url } = await site(t)
  const [first, second] = await Promise.all([fetch(url), fetch(url)])
  const page = await first.text()
  assert.equal(first.status, 200)
  assert.match(first.headers.get('content-security-policy')!, /default-src 'none'/)
  const link = /href="(dclogin:[^"]+)"/.exec(page)![1]!
  assert.match(link, /^dclogin:[a-z0-9]{9}@_chat\.test\?p=\w{22}&amp;v=1&amp;ih=127\.0\.0\.1&amp;ip=2993/)
  assert.ok(!(await second.text()).includes(link), 'the next visitor gets another account')
  assert.match(page, /<svg/)
  assert.match(page, /one profile, for one person/)
  assert.doesNotMatch(page, /<(script|img|link)\b|url\(/)
})

test('a server that is reached by its name has one invite for all', async (t) => {
  const { url } = await site(t, {
    domain: 'chat.example.org',
    public: { ...testMailConfig().public, host: 'chat.example.org', https: 443, selfSigned: false },
  })
  const page = await (await fetch(url)).text()
  assert.match(page, /href="dcaccount:chat\.example\.org"/)
  assert.doesNotMatch(page, /for one person/)
  const redirect = await fetch(`${url}/new`, { redirect: 'manual' })
  assert.equal(redirect.headers.get('location'), 'dcaccount:chat.example.org')
})

test('POST /new as Delta Chat sends it: no body, no Content-Length, origin or absolute form', async (t) => {
  const { secure } = await site(t)
  for (const target of ['/new', 'https://127.0.0.1/new']) {
    const answer = await raw(secure, `POST ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 200 /)
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
    assert.equal(body.email, given.address)
    assert.equal(body.password, given.password)
    assert.match(body.dclogin_url, /^dclogin:/)
  }
})

test('each refusal has a reason that the client shows', async (t) => {
  for (const [reason, status] of [
    ['closed', 403],
    ['token', 403],
    ['unavailable', 503],
  ] as const) {
    const { url } = await site(t, {}, async () => ({ ok: false, reason }))
    const answer = await fetch(`${url}/new`, { method: 'POST' })
    assert.equal(answer.status, status)
    assert.ok(((await answer.json()) as { reason: string }).reason.length > 20)
  }
})

test('one source cannot make accounts without end', async (t) => {
  const { url } = await site(t)
  const statuses: number[] = []
  for (let i = 0; i < 15; i++) statuses.push((await fetch(`${url}/new`, { method: 'POST' })).status)
  assert.equal(statuses[0], 200)
  assert.equal(statuses.at(-1), 429)
})

test('one source cannot draw pages without end', async (t) => {
  const { url } = await site(t)
  const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await fetch(url)).status))
  assert.ok(statuses.filter((status) => status === 200).length >= 60)
  assert.ok(statuses.includes(429))
})

test('with invitations the page asks for one and redeems it', async (t) => {
  const seen: (string | null)[] = []
  const { url } = await site(t, { registration: { mode: 'Token' } }, async (token) => {
    seen.push(token)
    return token === 'right' ? given : { ok: false, reason: 'token' }
  })
  const post = (token: string) => fetch(url, { method: 'POST', body: new URLSearchParams({ token }) })
  assert.match(await (await fetch(url)).text(), /by invitation/)
  const refused = await post('<wrong>')
  assert.equal(refused.status, 403)
  assert.match(await refused.text(), /no longer valid/)
  assert.match(await (await post(' right ')).text(), /dclogin:abc123xyz@_chat\.test/)
  assert.deepEqual(seen, ['<wrong>', 'right'])
  await fetch(`${url}/new?token=by-url`, { method: 'POST' })
  assert.equal(seen[2], 'by-url')
})

test('autoconfig names every listener; other look-ups get 404 and no page', async (t) => {
  const { url } = await site(t)
  const found = await fetch(`${url}/.well-known/autoconfig/mail/config-v1.1.xml`)
  const xml = await found.text()
  for (const port of [2993, 2443, 2143, 2465, 2587]) assert.match(xml, new RegExp(`<port>${port}</port>`))
  assert.equal(xml.match(/<incomingServer type="imap">/g)!.length, 3)
  for (const path of ['/autodiscover/autodiscover.xml', '/admin', '/.well-known/x'])
    assert.equal((await fetch(url + path)).status, 404)
})

test('plain HTTP only leads to the site', async (t) => {
  const { plainUrl } = await site(t)
  const answer = await fetch(`${plainUrl}/x?y`, { redirect: 'manual' })
  assert.equal(answer.status, 308)
  assert.equal(answer.headers.get('location'), 'https://127.0.0.1:2443/x?y')
})

test('malformed requests never end the server', async (t) => {
  const { secure, url } = await site(t)
  const real = Buffer.from(
    'POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\ntoken=abc',
  )
  const edit = fc.record({ at: fc.nat(real.length - 1), byte: fc.nat(255) })
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
      const mutated = Buffer.from(real)
      for (const { at, byte } of edits) mutated[at] = byte
      const socket = connect(secure, '127.0.0.1')
      socket.on('error', () => {})
      await new Promise<void>((done) => socket.end(mutated, () => done()))
      await new Promise<void>((done) => socket.on('close', () => done()).resume())
    }),
    { numRuns: 200 },
  )
  assert.match(await raw(secure, `GET /${'a'.repeat(9000)} HTTP/1.1\r\n\r\n`), /^HTTP\/1\.1 431/)
  assert.equal((await fetch(url)).status, 200)
})

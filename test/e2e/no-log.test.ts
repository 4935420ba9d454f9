/**
 * No-Log: after real use, misuse and a crash, nothing that the server has written names a person, an IP or a credential.
 * The strangers come from an address of their own on loopback, so that it can be told from the server's.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { globSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect as secure, type TLSSocket } from 'node:tls'
import { Endpoint } from '../../workloads/iroh/client/endpoint.ts'
import { LocalServer, type ServerSummary } from '../support/local-server.ts'
import { encryptedMessage } from '../support/messages.ts'
import { allocateAndEcho } from '../support/turn-client.ts'

const strangersAddress = '127.99.88.77'
const names = ['quetzalcoatl', 'xochipilli']
const password = 'Tlaltecuhtli-0123'
const wrongPassword = 'Mictlantecuhtli-9876'
const word = 'huitzilopochtli'

/** Some lines are broken on purpose and get no answer: after this long the next one goes out. */
const noAnswerMs = 500

/** Resolves when more has come, the connection has ended or nothing comes. */
const answer = async (socket: TLSSocket): Promise<void> => {
  const patience = AbortSignal.timeout(noAnswerMs)
  await Promise.race(['data', 'close'].map((event) => once(socket, event, { signal: patience }))).catch(() => {})
}

/** Sends lines one after the other, each when the answer to the one before has come; resolves to all that came. */
const talk = async (port: number, lines: readonly string[]): Promise<string> => {
  const plain = connect({ port, host: '127.0.0.1', localAddress: strangersAddress })
  const socket = secure({ socket: plain, rejectUnauthorized: false }).setMaxListeners(100)
  plain.on('error', () => socket.destroy())
  socket.on('error', () => {})
  let heard = ''
  socket.setEncoding('latin1').on('data', (text) => {
    heard += text
  })
  await answer(socket)
  for (const line of lines) {
    if (socket.destroyed) break
    socket.write(`${line}\r\n`)
    await answer(socket)
  }
  socket.destroy()
  return heard
}

const plainAuth = (address: string): string => Buffer.from(`\0${address}\0${password}`).toString('base64')

describe('No-Log', () => {
  let server: LocalServer
  let summary: ServerSummary
  const secrets: string[] = [...names, password, wrongPassword, word, strangersAddress]

  before(async () => {
    ;({ server, summary } = await LocalServer.start())
  })
  after(() => server.stop())

  const assertSilent = (what: string, text: string): void => {
    for (const secret of secrets) assert.ok(!text.includes(secret), `${what} holds ${secret}`)
  }

  test('people use the server, and strangers misuse it', async () => {
    const [from, to] = names.map((name) => `${name}@${summary.domain}`) as [string, string]
    const { imap, smtp, turn, web } = summary
    await talk(imap.port, [`a LOGIN "${to}" "${password}"`, 'b LOGOUT'])
    const session = await talk(imap.port, [
      `a LOGIN "${from}" "${password}"`,
      'b SELECT INBOX',
      'c GETMETADATA "" (/shared/vendor/deltachat/turn)',
      `d CREATE "${word}"`,
      'e LOGOUT',
    ])
    const [, expiry, credential] = /:\d+:(\d+):([A-Za-z0-9+/=]+)/.exec(session) as unknown as [string, string, string]
    secrets.push(credential)
    const relayed = await allocateAndEcho({ host: turn.host, port: turn.port, username: expiry, password: credential })
    assert.equal(relayed.echoed.length, 32)

    const letter = encryptedMessage({ from, to, size: 3000, id: word }).toString('latin1')
    const sent = await talk(smtp.port, [
      'EHLO [127.0.0.1]',
      `AUTH PLAIN ${plainAuth(from)}`,
      `MAIL FROM:<${from}>`,
      `RCPT TO:<${to}>`,
      'DATA',
      `${letter}.`,
      `MAIL FROM:<${to}>`,
      `RCPT TO:<${word}@example.org>`,
      'DATA',
      `From: <${from}>\r\nSubject: ${word}\r\n\r\n${word}\r\n.`,
    ])
    assert.match(sent, /\r\n250 2\.\d\.\d/)

    await talk(imap.port, [`a LOGIN "${from}" "${wrongPassword}"`])
    await talk(imap.port, [`a LOGIN "${word}" {3+}\r\nabc`, `b ${word}`, '{}}}', `c AUTHENTICATE PLAIN ${word}`])
    await talk(smtp.port, [`EHLO ${word}`, `AUTH PLAIN ${word}`, `MAIL FROM:<${from}>`, `${word}\0\r`])
    await fetch(web.replace('https:', 'http:') + word).catch(() => {})
    await talk(Number(new URL(web).port), [`GET /${word} HTTP/1.1\r\nhost: ${word}\r\n`])
    await assert.rejects(
      allocateAndEcho({ host: turn.host, port: turn.port, username: expiry, password: wrongPassword }),
    )
  })

  test('real-time apps use the relay, and strangers misuse it', async () => {
    const url = new URL(summary.iroh!)
    const open = (version: 'legacy' | 'modern-2') =>
      Endpoint.open({ url, version, signal: AbortSignal.timeout(20_000) })
    for (const version of ['legacy', 'modern-2'] as const) {
      const [one, two] = [await open(version), await open(version)]
      secrets.push(...[one, two].flatMap(({ key }) => [key.toString('hex'), key.toString('base64')]))
      one.send(two.key, Buffer.from(word))
      assert.equal((await two.datagram(one.key)).toString(), word)
      two.sendFrame(Buffer.from(word))
      await assert.rejects(two.next(() => false))
      one.close()
    }
    await fetch(new URL(`/${word}`, url))
    const stranger = connect({ port: Number(url.port), host: '127.0.0.1', localAddress: strangersAddress })
    stranger.end(`GET /${word} HTTP/1.1\r\nhost: ${word}\r\nupgrade: ${word}\r\n\r\n`)
    stranger.resume()
    await once(stranger, 'close')
  })

  test('metrics and state hold counts alone', async () => {
    for (const workload of ['mail', 'turn', 'iroh'] as const)
      for (const path of ['/metrics', '/state']) {
        const text = await server.ask(workload, path)
        assertSilent(`${path} of ${workload}`, text)
        assert.doesNotMatch(text, /\b\d+\.\d+\.\d+\.\d+\b/, `${path} of ${workload} holds an IP`)
      }
  })

  test('standard output and error name nobody', async () => {
    assert.equal(await server.interrupt(), 0)
    assertSilent('standard error', server.stderr)
    assertSilent('standard output', server.stdout)
    assert.doesNotMatch(server.stderr, /\d+\.\d+\.\d+\.\d+/, 'standard error holds an IP')
    assert.doesNotMatch(server.stderr, /[^\s"]+@[^\s"]+/, 'standard error holds an address')
  })

  test('the data folder holds no IP and no credential in clear', () => {
    const files = globSync('**/*', { cwd: server.dataDir })
      .map((file) => join(server.dataDir, file))
      .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    assert.ok(files.length > 3)
    const credentials = secrets.filter((secret) => ![...names, word].includes(secret))
    for (const file of files) {
      const content = readFileSync(file, 'latin1')
      for (const secret of credentials) assert.ok(!content.includes(secret), `${file} holds ${secret}`)
      if (!file.includes('/cache/')) assert.ok(!content.includes('127.0.0.1'), `${file} holds the server's IP`)
    }
  })
})

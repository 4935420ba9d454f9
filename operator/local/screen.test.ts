import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { apiVersion, kind, parseServer } from '../api/chatmail-server.ts'
import { type Facts, outsideACluster } from '../render/facts.ts'
import { portRows } from '../render/ports.ts'
import { listening } from './host/addresses.ts'
import { lastFailure } from './log-tail.ts'
import { drawCode, inviteText, serverText } from './screen.ts'
import { inviteIsShared, summary } from './summary.ts'

const serverOf = (spec: object) => {
  const parsed = parseServer({ apiVersion, kind, metadata: { name: 'chat' }, spec })
  assert.ok(parsed.ok)
  return parsed.server
}

const facts = (publicHost: string, selfSigned: boolean): Facts => ({
  platform: 'local',
  image: 'local',
  publicHost,
  listenAddress: '::',
  managementAddress: '127.0.0.1',
  certificate: { secretName: 'chat-tls', issuer: null, pem: null, selfSigned },
  ...outsideACluster,
  keyring: '',
  managementToken: '',
  turnNodes: [listening('127.0.0.1', {}).turn],
  turnEndpoints: [{ id: 'local', host: publicHost, port: 3478, state: 'ready' }],
  irohUrl: null,
})

const random = () => 0
const standard = { exposure: { ports: { imaps: 993, submissions: 465, https: 443 } } }

test('a server that clients can verify by name has one invite for all, others one for each person', () => {
  const named = serverOf({ domain: 'chat.example.org', ...standard })
  assert.equal(inviteIsShared(named, facts('chat.example.org', false)), true)
  assert.equal(summary(named, facts('chat.example.org', false), '/data', random).invite, 'dcaccount:chat.example.org')
  assert.equal(summary(named, facts('chat.example.org', false), '/data', random).web, 'https://chat.example.org/')
  const local = serverOf({ domain: '_chatmail.local' })
  assert.equal(inviteIsShared(local, facts('192.168.1.10', true)), false)
  assert.match(
    summary(local, facts('192.168.1.10', true), '/data', random).invite,
    /^dclogin:aaaaaaaaa@_chatmail\.local\?.*ih=192\.168\.1\.10&ip=2993.*ic=3$/,
  )
})

test('without TURN or with a listener off, the summary says null', () => {
  const server = serverOf({ domain: '_chatmail.local', turn: { enabled: false } })
  const told = summary(server, { ...facts('192.168.1.10', true), turnEndpoints: [] }, '/data', random)
  assert.equal(told.turn, null)
  assert.deepEqual(told.imap, { host: '192.168.1.10', port: 2993, security: 'ssl' })
})

test('the screen names every port with its purpose, the page, the data and how to stop', () => {
  const server = serverOf({ domain: '_chatmail.local' })
  const rows = portRows(server, 'local')
  const text = serverText(summary(server, facts('192.168.1.10', true), '/data', random), rows, false)
  for (const { from, purpose } of rows) assert.match(text, new RegExp(`${from}.*${purpose.replace(/[()]/g, '\\$&')}`))
  for (const words of ['https://192.168.1.10:2443/', '/data', 'Ctrl-C', '49152-65535', '_chatmail.local'])
    assert.ok(text.includes(words), words)
})

test('a code is drawn dark on light on a terminal and without colours elsewhere', async () => {
  const [terminal, plain] = [
    await drawCode('dcaccount:chat.example.org', true),
    await drawCode('dcaccount:chat.example.org', false),
  ]
  assert.ok(terminal.startsWith('\u001b[30;107m'))
  assert.equal(terminal.replaceAll('\u001b[30;107m', '').replaceAll('\u001b[0m', ''), plain)
  const one = await inviteText('dclogin:x', { shared: false, more: true, colours: false })
  assert.match(one, /a code of their own\. Enter shows the next one/)
  assert.match(await inviteText('dcaccount:x', { shared: true, more: false, colours: false }), /serves everybody/)
})

test('the last failure of a log', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chatmail-log-'))
  const failureOf = (text: string): string => {
    writeFileSync(join(dir, 'log'), text)
    return lastFailure(join(dir, 'log'))
  }
  assert.equal(
    failureOf('{"level":"info","msg":"ready"}\n{"level":"fatal","reason":"no port"}\n{"level":"info","msg":"x"}\n'),
    'no port',
  )
  assert.equal(failureOf('{"level":"fatal","err":{"message":"broken"},"msg":"stopped"}\n'), 'broken')
  assert.equal(failureOf('Segmentation fault\n'), 'Segmentation fault')
  assert.equal(failureOf(`${'x'.repeat(50_000)}\n{"level":"fatal","reason":"late"}\n`), 'late')
  assert.equal(failureOf('{"level":"info","msg":"ready"}\n'), '')
  rmSync(dir, { recursive: true })
  assert.equal(lastFailure(join(dir, 'log')), '')
})

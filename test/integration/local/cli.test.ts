import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments, stringify } from 'yaml'
import { freeSpec } from './server.ts'

const main = fileURLToPath(new URL('../../../operator/main.ts', import.meta.url))
const sample = fileURLToPath(new URL('../../../crds/samples/local.yaml', import.meta.url))

let dir: string
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'chatmail-cli-'))
})
after(() => rmSync(dir, { recursive: true, force: true }))

const chatmail = (words: string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], {
    cwd: dir,
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const header = 'apiVersion: chatmail.dev/v1alpha1\nkind: ChatmailServer\nmetadata: { name: chat }\n'

test('help and version', () => {
  const { status, stdout } = chatmail(['--help'])
  assert.equal(status, 0)
  for (const command of ['up', 'render', 'mail', 'turn']) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  assert.match(chatmail(['up', '--help']).stdout, /Examples:\n {2}\$ chatmail up -f crds\/samples\/local\.yaml/)
  assert.match(chatmail(['--version']).stdout, /^\d+\.\d+\.\d+\n$/)
})

test('wrong words are a usage error', () => {
  for (const words of [
    ['nonsense'],
    ['up'],
    ['up', '-f', sample, '--address', 'host'],
    ['up', '-f', sample, '--output', 'xml'],
    ['render', '-f', sample, 'more'],
  ])
    assert.equal(chatmail(words).status, 64, words.join(' '))
})

test('a file that is wrong: exit 78, a line each with where, what and what is allowed; nothing is written', () => {
  const wrong: [string, RegExp[]][] = [
    [
      `${header}spec: { domain: UPPER, turn: { port: 99999 }, typo: 1 }`,
      [
        /spec\.domain: found "UPPER"; allowed: a DNS name/,
        /spec\.turn\.port: found 99999; allowed: .*65535/,
        /spec\.typo: found an unknown field/,
      ],
    ],
    [header, [/spec: found nothing/]],
    [
      'apiVersion: v1\nkind: Pod\n',
      [/kind: found "Pod"; allowed: ChatmailServer/, /apiVersion: found "v1"; allowed: chatmail\.dev\/v1alpha1/],
    ],
    [`${header}spec: { domain: [1\n`, [/line 4|line 5/]],
    [`${header}---\n${header}`, [/2 documents; one ChatmailServer/]],
    ['', [/0 documents/]],
    [
      `${header.replace('chat }', 'chat, annotations: { chatmail.dev/rotate-keys: 2 } }')}spec: { domain: chat.example.org }`,
      [/metadata\.annotations\.chatmail\.dev\/rotate-keys: found 2; allowed: text; put numbers and dates into quotes/],
    ],
    ['- a\n- b\n', [/./]],
    [
      `${header}spec: { domain: chat.example.org, mail: { proxyProtocol: true } }`,
      [/spec\.mail\.proxyProtocol: found true; allowed: false/],
    ],
  ]
  for (const [text, expected] of wrong) {
    const { status, stdout, stderr } = chatmail(['up', '-f', '-', '--output', 'json'], text)
    assert.equal(status, 78, stderr)
    assert.equal(stdout, '')
    for (const words of expected) assert.match(stderr, words)
    assert.doesNotMatch(stderr, /\n {4}at /)
  }
  assert.match(chatmail(['up', '-f', 'missing.yaml']).stderr, /missing\.yaml: there is no such file/)
  assert.deepEqual(readdirSync(dir), [])
})

test('keys: a folder is wanted, and one in which a server has run', () => {
  assert.equal(chatmail(['keys']).status, 64)
  for (const words of [['keys'], ['keys', 'rotate'], ['keys', 'revoke']]) {
    const { status, stderr } = chatmail([...words, '--data-dir', 'nowhere'])
    assert.equal(status, 69)
    assert.match(
      stderr,
      /^--data-dir nowhere: no data of a server lies there\. Give the folder that `chatmail up` names/,
    )
  }
  assert.deepEqual(readdirSync(dir), [], 'no request was left behind')
})

test('render prints what up runs, without secrets, and for a cluster too', () => {
  const local = chatmail(['render', '-f', sample])
  assert.equal(local.status, 0, local.stderr)
  const kinds = parseAllDocuments(local.stdout).map((document) => document.toJS().kind)
  assert.deepEqual(
    kinds.filter((kind) => kind === 'Deployment' || kind === 'StatefulSet'),
    ['Deployment', 'Deployment', 'StatefulSet'],
  )
  const cluster = chatmail([
    'render',
    '-f',
    sample,
    '--platform',
    'cluster',
    '--node',
    'a=203.0.113.1',
    'b=203.0.113.2',
  ])
  assert.match(cluster.stdout, /name: local-turn-b\n/)
  assert.equal(chatmail(['render', '-f', sample, '--node', 'x', '--platform', 'cluster']).status, 64)
  assert.equal(existsSync(join(dir, 'chatmail-data')), false)
})

test('up of the real workloads: one line on stdout once ready, a clean end by SIGINT, twice', {
  timeout: 60_000,
}, async () => {
  const file = join(dir, 'server.yaml')
  const spec = await freeSpec()
  writeFileSync(file, `${header}${stringify({ spec })}`)
  for (const round of [1, 2]) {
    const child = spawn(process.execPath, [main, 'up', '-f', file, '--address', '127.0.0.1', '--output', 'json'], {
      cwd: dir,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve))
    while (!stdout.includes('\n') && child.exitCode === null)
      await Promise.race([exit, new Promise((resolve) => child.stdout.once('data', resolve))])
    const told = JSON.parse(stdout)
    assert.deepEqual(
      Object.keys(told),
      ['domain', 'invite', 'web', 'imap', 'smtp', 'turn', 'iroh', 'dataDir'],
      `round ${round}: ${stderr}`,
    )
    assert.equal(told.turn.host, '127.0.0.1')
    assert.equal(told.iroh, `http://127.0.0.1:${(spec.iroh as { port: number }).port}/`)
    assert.deepEqual(told.turn.relayPorts, (spec.turn as { relayPorts: object }).relayPorts)
    assert.match(told.invite, /^dclogin:[a-z0-9]{9}@_local\.test\?.*ih=127\.0\.0\.1.*ic=3$/)
    child.kill('SIGINT')
    assert.equal(await exit, 0)
    assert.equal(stdout.trim().split('\n').length, 1)
  }
})

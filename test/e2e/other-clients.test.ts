/** Clients that are not Delta Chat, and servers that are set up in other ways than the sample. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { coreMissing } from '../support/deltachat.ts'
import { LocalServer, type LocalServerOptions, type ServerSummary } from '../support/local-server.ts'
import { inviteOn, loginIn, openInbox, page, submit } from '../support/mail-clients.ts'
import { encryptedMessage } from '../support/messages.ts'
import { missing } from '../support/oracle.ts'
import { Person } from '../support/person.ts'

const host = '127.0.0.1'
const pass = 'other-clients-0123'

/** What the server says first, and the protocol it chose. */
const greeting = (port: number, protocol: string): Promise<{ chosen: TLSSocket['alpnProtocol']; line: string }> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, ALPNProtocols: [protocol], rejectUnauthorized: false })
    socket.once('error', reject).once('data', (bytes) => {
      resolve({ chosen: socket.alpnProtocol, line: bytes.toString() })
      socket.destroy()
    })
  })

const imaplib = `
import imaplib, ssl, sys
port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
m = imaplib.IMAP4('127.0.0.1', port)
m.starttls(ssl._create_unverified_context())
m.login(user, password)
count = m.select('INBOX')[1][0].decode()
assert len(m.search(None, 'ALL')[1][0].split()) == int(count)
assert b'multipart/encrypted' in m.fetch('1', '(BODY.PEEK[HEADER])')[1][0][1]
m.logout()
print(count)
`

const run = async (options: LocalServerOptions, use: (summary: ServerSummary) => Promise<void>): Promise<void> => {
  const { server, summary } = await LocalServer.start(options)
  try {
    await use(summary)
  } finally {
    await server.stop()
  }
}

describe('other clients on the complete server', () => {
  let server: LocalServer
  const [from, to] = ['sender', 'reader'].map((name) => `other-${name}@_chatmail.local`) as [string, string]
  const sender = { user: from, pass }
  const reader = { user: to, pass }

  before(async () => {
    ;({ server } = await LocalServer.start())
    // A recipient exists from the first login on.
    await (await openInbox({ port: server.ports.imaps, security: 'tls' }, reader)).logout()
  })
  after(() => server.stop())

  for (const [security, reads, sends] of [
    ['tls', 'imaps', 'submissions'],
    ['starttls', 'imap', 'submission'],
  ] as const)
    test(`nodemailer sends and imapflow receives while it idles, ${security}`, async () => {
      const inbox = await openInbox({ port: server.ports[reads], security }, reader)
      const before = inbox.mailbox ? inbox.mailbox.exists : 0
      const arrived = new Promise<number>((resolve) => inbox.once('exists', ({ count }) => resolve(count)))
      const idling = inbox.idle()
      const raw = encryptedMessage({ from, to })
      const { response } = await submit({ port: server.ports[sends], security }, sender, to, raw)
      assert.match(response!, /^250 /)
      assert.equal(await arrived, before + 1)
      const message = await inbox.fetchOne(String(before + 1), { source: true })
      assert.ok(message && message.source!.equals(raw))
      await idling
      await inbox.logout()
    })

  test('the HTTPS port speaks IMAP and SMTP to who asks for them, and HTTP to others', async () => {
    const imap = await greeting(server.ports.https, 'imap')
    assert.equal(imap.chosen, 'imap')
    assert.match(imap.line, /^\* OK /)
    const smtp = await greeting(server.ports.https, 'smtp')
    assert.equal(smtp.chosen, 'smtp')
    assert.match(smtp.line, /^220 /)
    assert.equal((await page(`https://${host}:${server.ports.https}/`)).status, 200)
  })

  test("Python's imaplib, over STARTTLS", { skip: missing('python3') }, async () => {
    await submit({ port: server.ports.submissions, security: 'tls' }, sender, to, encryptedMessage({ from, to }))
    const { stdout } = await promisify(execFile)('python3', ['-c', imaplib, String(server.ports.imap), to, pass])
    assert.ok(Number(stdout) >= 1)
  })
})

test('with TURN off a client is given no relay, not even one of somebody else', { skip: coreMissing() }, () =>
  run({ spec: { turn: { enabled: false } } }, async ({ invite, turn }) => {
    assert.equal(turn, null)
    const person = await Person.join('Alice', invite)
    try {
      assert.deepEqual(await person.iceServers(), [])
    } finally {
      await person.stop()
    }
  }),
)

test('registration by token: the form makes an account for a token of the file, and a login makes none', () =>
  run(
    {
      spec: { mail: { registration: { mode: 'Token', tokenSecretName: 'invitations' } } },
      secrets: { 'invitations/registration-tokens': 'first-token\nsecond-token\n' },
    },
    async ({ web, imap, domain }) => {
      const asked = await page(web)
      assert.match(asked.body, /<form method="post" action="\/">/)
      assert.match(asked.body, /<input [^>]*name="token"/)
      assert.equal(inviteOn(asked.body), undefined)
      const wrong = await page(web, { token: 'third-token' })
      assert.equal(wrong.status, 403)
      assert.match(wrong.body, /role="alert"/)
      const link = inviteOn((await page(web, { token: 'second-token' })).body)!
      const door = { port: imap.port, security: 'tls' } as const
      await (await openInbox(door, loginIn(link))).logout()
      await assert.rejects(openInbox(door, { user: `stranger1@${domain}`, pass }), { authenticationFailed: true })
    },
  ))

test('the shortest manifest starts as it is', async () => {
  const sample = 'crds/samples/minimal.yaml'
  const use = async ({ domain, imap, web }: ServerSummary): Promise<void> => {
    assert.equal(domain, 'chat.example.org')
    const user = `someone1@${domain}`
    await (await openInbox({ port: imap.port, security: 'tls' }, { user, pass })).logout()
    assert.match((await page(web)).body, /chat\.example\.org/)
  }
  await run({ sample, ports: 'as they are' }, use).catch((error: Error) => {
    if (!error.message.includes('is taken by another program')) throw error
    return run({ sample }, use)
  })
})

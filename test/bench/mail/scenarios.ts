/** What is measured, one function a row of the table. Each gets a fresh server's ports and says what it found. */
import { encryptedMessage } from '../../support/messages.ts'
import { cpuMs, processTree, residentKiB } from '../../support/process-usage.ts'
import { ImapClient } from './clients/imap.ts'
import { SmtpClient } from './clients/smtp.ts'

export type Target = { imapPort: number; smtpPort: number; domain: string; pids: () => number[] }

export type Person = { address: string; password: string }

const messageSize = 3000

export const person = (target: Target, name: string): Person => ({
  address: `${name}@${target.domain}`,
  password: 'bench-password-0123',
})

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!

const sort = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)

const letter = (from: Person, to: Person, id: string): Buffer =>
  encryptedMessage({ from: from.address, to: to.address, size: messageSize, id })

/** Logs in once, so that the account exists and its password is in the server's cache. */
const settle = async (target: Target, who: Person): Promise<void> => {
  const imap = await ImapClient.open(target.imapPort)
  await imap.login(who.address, who.password)
  await imap.select()
  await imap.close()
}

/** Milliseconds from MAIL FROM to the last byte of the fetched message, one message at a time. */
export const latency = async (target: Target, count: number): Promise<{ p50: number; p99: number }> => {
  const [alice, bob] = [person(target, 'latency-a'), person(target, 'latency-b')]
  await settle(target, bob)
  const smtp = await SmtpClient.open(target.smtpPort, alice.address, alice.password)
  const imap = await ImapClient.open(target.imapPort)
  await imap.login(bob.address, bob.password)
  await imap.select()
  const times: number[] = []
  for (let uid = 1; uid <= count + 50; uid++) {
    const content = letter(alice, bob, `latency-${uid}`)
    const idle = await imap.idle()
    const start = performance.now()
    const told = idle.next()
    await smtp.send(alice.address, bob.address, content)
    await told
    await imap.command(`UID FETCH ${uid} (FLAGS BODY.PEEK[])`)
    if (uid > 50) times.push(performance.now() - start)
  }
  await Promise.all([smtp.close(), imap.close()])
  const sorted = sort(times)
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) }
}

/** Messages a second that are accepted (`round` names the accounts) and lie in the recipient's mailbox, and server CPU for each. */
export const throughput = async (
  target: Target,
  round: string,
  senders: number,
  each: number,
): Promise<{ perSecond: number; cpuMs: number }> => {
  const pairs = Array.from({ length: senders }, (_, i) => ({
    from: person(target, `${round}-from-${i}`),
    to: person(target, `${round}-to-${i}`),
  }))
  for (const { to } of pairs) await settle(target, to)
  const clients = await Promise.all(
    pairs.map(({ from }) => SmtpClient.open(target.smtpPort, from.address, from.password)),
  )
  const letters = pairs.map(({ from, to }, i) =>
    Array.from({ length: each }, (_, n) => letter(from, to, `${round}-${i}-${n}`)),
  )
  const cpuBefore = cpuMs(target.pids())
  const start = performance.now()
  await Promise.all(
    clients.map(async (client, i) => {
      for (const content of letters[i]!) await client.send(pairs[i]!.from.address, pairs[i]!.to.address, content)
    }),
  )
  const seconds = (performance.now() - start) / 1000
  const cpu = cpuMs(target.pids()) - cpuBefore
  await Promise.all(clients.map((client) => client.close()))
  for (const { to } of pairs) await expectMessages(target, to, each)
  return { perSecond: (senders * each) / seconds, cpuMs: cpu / (senders * each) }
}

const expectMessages = async (target: Target, who: Person, count: number): Promise<void> => {
  const imap = await ImapClient.open(target.imapPort)
  await imap.login(who.address, who.password)
  const found = await imap.select()
  await imap.close()
  if (found !== count) throw new Error(`${count} messages were accepted, ${found} are there`)
}

/** Server CPU of one connection from TCP to LOGOUT, the password already verified before. */
export const logins = async (target: Target, count: number): Promise<{ cpuMs: number }> => {
  const who = person(target, 'login')
  await settle(target, who)
  const once = async () => {
    const imap = await ImapClient.open(target.imapPort)
    await imap.login(who.address, who.password)
    await imap.select()
    await imap.command('LOGOUT')
    await imap.close()
  }
  for (let i = 0; i < 50; i++) await once()
  const before = cpuMs(target.pids())
  for (let i = 0; i < count; i++) await once()
  return { cpuMs: (cpuMs(target.pids()) - before) / count }
}

/** Memory of a session that has selected and waits in IDLE, and what is left a while after all have gone. */
export const idleSessions = async (
  target: Target,
  count: number,
): Promise<{ kibEach: number; kibEachAfter: number }> => {
  const people = Array.from({ length: 20 }, (_, i) => person(target, `idle-${i}`))
  for (const who of people) await settle(target, who)
  const before = await settledKiB(target)
  const sessions: ImapClient[] = []
  for (let i = 0; i < count; i++) {
    const imap = await ImapClient.open(target.imapPort)
    const who = people[i % people.length]!
    await imap.login(who.address, who.password)
    await imap.select()
    await imap.idle()
    sessions.push(imap)
  }
  const during = await settledKiB(target)
  await Promise.all(sessions.map((imap) => imap.close()))
  const after = await settledKiB(target)
  return { kibEach: (during - before) / count, kibEachAfter: (after - before) / count }
}

/** Resident memory once it has not fallen for three seconds, half a minute at most. */
const settledKiB = async (target: Target): Promise<number> => {
  let lowest = residentKiB(target.pids())
  for (let quiet = 0, seconds = 0; quiet < 3 && seconds < 30; quiet++, seconds++) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const now = residentKiB(target.pids())
    if (now < lowest * 0.995) quiet = -1
    lowest = Math.min(lowest, now)
  }
  return lowest
}

/** A mailbox with 1000 messages: the headers as Delta Chat prefetches them, then the bodies one by one. */
export const prefetch = async (target: Target): Promise<{ headersMs: number; bodyP50Ms: number }> => {
  const [from, to] = [person(target, 'prefetch-a'), person(target, 'prefetch-b')]
  await settle(target, to)
  const smtp = await SmtpClient.open(target.smtpPort, from.address, from.password)
  for (let i = 0; i < 1000; i++) await smtp.send(from.address, to.address, letter(from, to, `prefetch-${i}`))
  await smtp.close()
  const imap = await ImapClient.open(target.imapPort)
  await imap.login(to.address, to.password)
  await imap.select()
  const items =
    'UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE X-MICROSOFT-ORIGINAL-MESSAGE-ID FROM CONTENT-TYPE SECURE-JOIN CHAT-VERSION CHAT-IS-POST-MESSAGE AUTOCRYPT-SETUP-MESSAGE)]'
  const headers: number[] = []
  for (let round = 0; round < 7; round++) {
    const start = performance.now()
    await imap.command(`UID FETCH 1:1000 (${items})`)
    headers.push(performance.now() - start)
  }
  const bodies: number[] = []
  for (let uid = 1; uid <= 1000; uid++) {
    const start = performance.now()
    const octets = await imap.command(`UID FETCH ${uid} (FLAGS BODY.PEEK[])`)
    bodies.push(performance.now() - start)
    if (octets < messageSize * 0.9) throw new Error(`message ${uid} is not complete: ${octets} octets`)
  }
  await imap.close()
  return { headersMs: percentile(sort(headers), 0.5), bodyP50Ms: percentile(sort(bodies), 0.5) }
}

/** Resident memory of a server that has just started and does nothing. */
export const idleProcess = async (target: Target): Promise<{ mib: number }> => ({
  mib: (await settledKiB(target)) / 1024,
})

export const pidsOf = (pid: number) => (): number[] => processTree(pid)

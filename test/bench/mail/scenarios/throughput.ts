/** How many messages a second a server takes and delivers, and what CPU time each costs. */
import { setTimeout as pause } from 'node:timers/promises'
import { cpuMs } from '../../usage.ts'
import { ImapClient } from '../clients/imap.ts'
import { SmtpClient } from '../clients/smtp.ts'
import type { Target } from '../target.ts'
import { letter, type Person, person, settle } from './people.ts'

/** Milliseconds between two looks at a mailbox whose mail is still in a queue; a server without one is never waited for. */
const lookEvery = 10

/** A queue that has delivered nothing for this long will not. */
const stuckMs = 30_000

type Pair = { from: Person; to: Person; smtp: SmtpClient; imap: ImapClient; letters: Buffer[] }

const pairOf = async (target: Target, round: string, i: number, each: number): Promise<Pair> => {
  const [from, to] = [person(target, `${round}-from-${i}`), person(target, `${round}-to-${i}`)]
  await settle(target, to)
  const imap = await ImapClient.open(target.imapPort)
  await imap.login(to.address, to.password)
  const smtp = await SmtpClient.open(target.smtpPort, from.address, from.password)
  return {
    from,
    to,
    smtp,
    imap,
    letters: Array.from({ length: each }, (_, n) => letter(from, to, `${round}-${i}-${n}`)),
  }
}

const send = async ({ from, to, smtp, letters }: Pair): Promise<void> => {
  for (const content of letters) await smtp.send(from.address, to.address, content)
}

/** Resolves when the whole of it lies in the mailbox. @throws Error when messages that were accepted do not arrive */
const delivered = async ({ imap, letters }: Pair): Promise<void> => {
  let found = await imap.messages()
  for (let since = performance.now(); found < letters.length; ) {
    await pause(lookEvery)
    const now = await imap.messages()
    if (now > found) since = performance.now()
    if (performance.now() - since > stuckMs)
      throw new Error(`${letters.length} messages were accepted, ${now} are there`)
    found = now
  }
  if (found > letters.length) throw new Error(`${letters.length} messages were sent, ${found} are there`)
}

/**
 * Each of `senders` sends `each` messages to a person of its own, one after the other, all senders at once. The clock runs
 * until the last message lies in its mailbox. `round` names the accounts.
 */
export const throughput = async (
  target: Target,
  round: string,
  senders: number,
  each: number,
): Promise<{ perSecond: number; cpuMs: number }> => {
  const pairs: Pair[] = []
  for (let i = 0; i < senders; i++) pairs.push(await pairOf(target, round, i, each))
  const cpuBefore = cpuMs(target.pids())
  const start = performance.now()
  await Promise.all(pairs.map(send))
  for (const pair of pairs) await delivered(pair)
  const seconds = (performance.now() - start) / 1000
  const cpu = cpuMs(target.pids()) - cpuBefore
  await Promise.all(pairs.flatMap(({ smtp, imap }) => [smtp.close(), imap.close()]))
  return { perSecond: (senders * each) / seconds, cpuMs: cpu / (senders * each) }
}

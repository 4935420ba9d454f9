/** How long a message takes from one person's client to the other's, which waits in IDLE. */

import { percentile } from '../../percentile.ts'
import { SmtpClient } from '../clients/smtp.ts'
import type { Target } from '../target.ts'
import { letter, person, session } from './people.ts'

/** Messages before the first that counts. */
const warmUp = { count: 50, ms: 3000 }

/** A server that needs half a second for each message is measured for this long, however many messages that are. */
const budgetMs = 30_000

/** Milliseconds from MAIL FROM to the last octet of the fetched message, one message at a time, `count` at most. */
export const latency = async (
  target: Target,
  count: number,
): Promise<{ p50: number; p99: number; messages: number }> => {
  const [alice, bob] = [person(target, 'latency-a'), person(target, 'latency-b')]
  const imap = await session(target, bob)
  const smtp = await SmtpClient.open(target.smtpPort, alice.address, alice.password)
  let uid = 0
  const once = async (): Promise<number> => {
    uid++
    const content = letter(alice, bob, `latency-${uid}`)
    const idle = await imap.idle()
    const start = performance.now()
    await Promise.all([idle.next(), smtp.send(alice.address, bob.address, content)])
    await imap.command(`UID FETCH ${uid} (FLAGS BODY.PEEK[])`)
    return performance.now() - start
  }
  await repeat(once, warmUp.count, warmUp.ms)
  const times = await repeat(once, count, budgetMs)
  await Promise.all([smtp.close(), imap.close()])
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), messages: times.length }
}

const repeat = async (once: () => Promise<number>, count: number, ms: number): Promise<number[]> => {
  const results: number[] = []
  for (const end = performance.now() + ms; results.length < count && performance.now() < end; )
    results.push(await once())
  return results
}

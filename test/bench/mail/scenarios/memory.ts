/** Memory of a server that does nothing, and of sessions that wait. */
import { setTimeout as pause } from 'node:timers/promises'
import { memoryKiB } from '../../usage.ts'
import type { ImapClient } from '../clients/imap.ts'
import type { Target } from '../target.ts'
import { person, session, settle } from './people.ts'

/** Accounts that the sessions belong to, by turns: a person has several devices. */
const accounts = 100

/** In KiB, once it has not fallen for three seconds, half a minute at most. */
const settledKiB = async (target: Target): Promise<number> => {
  let lowest = memoryKiB(target.pids())
  for (let quiet = 0, seconds = 0; quiet < 3 && seconds < 30; quiet++, seconds++) {
    await pause(1000)
    const now = memoryKiB(target.pids())
    if (now < lowest * 0.995) quiet = -1
    lowest = Math.min(lowest, now)
  }
  return lowest
}

/** MiB of a server that has just started. */
export const idleServer = async (target: Target): Promise<number> => (await settledKiB(target)) / 1024

/** KiB for each of `count` sessions that have selected and wait in IDLE, and what of it is left after all have gone. */
export const idleSessions = async (
  target: Target,
  count: number,
): Promise<{ kibEach: number; kibEachAfter: number }> => {
  const people = Array.from({ length: accounts }, (_, i) => person(target, `idle-${i}`))
  for (const who of people) await settle(target, who)
  const before = await settledKiB(target)
  const sessions: ImapClient[] = []
  for (let i = 0; i < count; i++) {
    const imap = await session(target, people[i % accounts]!)
    await imap.idle()
    sessions.push(imap)
  }
  const during = await settledKiB(target)
  await Promise.all(sessions.map((imap) => imap.close()))
  const after = await settledKiB(target)
  return { kibEach: (during - before) / count, kibEachAfter: (after - before) / count }
}

/** What it costs a server when a client comes, looks and goes. */

import { cpuMs } from '../../usage.ts'
import type { ImapClient } from '../clients/imap.ts'
import type { Target } from '../target.ts'
import { type Person, person, session, settle } from './people.ts'

const comeAndGo = async (target: Target, who: Person): Promise<void> => {
  const imap: ImapClient = await session(target, who)
  await imap.command('LOGOUT')
  await imap.close()
}

/** Server CPU in milliseconds of one connection from TCP to LOGOUT, `atOnce` of them at a time; the password was verified before. */
export const logins = async (target: Target, atOnce: number, count: number): Promise<number> => {
  const who = person(target, 'login')
  await settle(target, who)
  const many = async (left: number): Promise<void> => {
    const client = async () => {
      while (left-- > 0) await comeAndGo(target, who)
    }
    await Promise.all(Array.from({ length: atOnce }, client))
  }
  await many(50)
  const before = cpuMs(target.pids())
  await many(count)
  return (cpuMs(target.pids()) - before) / count
}

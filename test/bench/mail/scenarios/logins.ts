/** What it costs a server when a client comes, looks and goes. */
import type { ImapClient } from '../clients/imap.ts'
import type { Target } from '../target.ts'
import { cpuMs } from '../usage.ts'
import { type Person, person, session, settle } from './people.ts'

const comeAndGo = async (target: Target, who: Person): Promise<void> => {
  const imap: ImapClient = await session(target, who)
  await imap.command('LOGOUT')
  await imap.close()
}

/** Server CPU in milliseconds of one connection from TCP to LOGOUT; the password was verified before. */
export const logins = async (target: Target, count: number): Promise<number> => {
  const who = person(target, 'login')
  await settle(target, who)
  for (let i = 0; i < 50; i++) await comeAndGo(target, who)
  const before = cpuMs(target.pids())
  for (let i = 0; i < count; i++) await comeAndGo(target, who)
  return (cpuMs(target.pids()) - before) / count
}

/** Whether Dovecot and Postfix are here and can be run, and which they are. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Where Debian's packages put what is run. */
export const programs = {
  dovecot: '/usr/sbin/dovecot',
  imap: '/usr/lib/dovecot/imap',
  lmtp: '/usr/lib/dovecot/lmtp',
  postconf: '/usr/sbin/postconf',
  postfixMaster: '/usr/lib/postfix/sbin/master',
} as const

export type Installed = { version: string } | { missing: string }

const output = (program: string, ...args: string[]): string => execFileSync(program, args).toString().trim()

export const installed = (): Installed => {
  const absent = Object.values(programs).filter((path) => !existsSync(path))
  if (absent.length > 0) return { missing: `not installed (${absent.join(', ')}): run hack/provision bench` }
  if (process.getuid!() !== 0) return { missing: 'both start as root and drop to users of their own: run as root' }
  const dovecot = output(programs.dovecot, '--version')
  // 2.4 reads another configuration language.
  if (!dovecot.startsWith('2.3.')) return { missing: `Dovecot ${dovecot} is installed, 2.3 is what the relays run` }
  return { version: `Dovecot ${dovecot}, Postfix ${output(programs.postconf, '-dh', 'mail_version')}` }
}

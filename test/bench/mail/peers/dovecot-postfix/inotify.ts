/**
 * Dovecot's IMAP processes watch mailboxes by inotify(7), one instance each, all of one user. Where the kernel allows
 * fewer, they poll and never hibernate, which is not how a relay runs: it raises this limit.
 */
import { readFileSync } from 'node:fs'
import { Unable } from '../../../compare.ts'

const path = '/proc/sys/fs/inotify/max_user_instances'

/** Instances beside those of the sessions: delivery, login processes. */
const spare = 100

/** @throws Unable when this many sessions would be too many */
export const checkInotify = (sessions: number): void => {
  const allowed = Number(readFileSync(path, 'utf8'))
  if (allowed >= sessions + spare || sessions < spare) return
  throw new Unable(
    `${sessions} sessions need fs.inotify.max_user_instances above ${sessions + spare}, it is ${allowed}: run hack/provision bench`,
  )
}

/** The temporary folder of one run of Dovecot and Postfix: where each part lies and whose it is. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Layout = ReturnType<typeof layout>

/** Paths below `dir`. */
export const layout = (dir: string) => ({
  dir,
  certificate: join(dir, 'tls.crt'),
  privateKey: join(dir, 'tls.key'),
  dovecotConfig: join(dir, 'dovecot.conf'),
  dovecotLog: join(dir, 'dovecot.log'),
  run: join(dir, 'run'),
  state: join(dir, 'state'),
  mail: join(dir, 'mail'),
  postfix: join(dir, 'postfix'),
  loginMap: join(dir, 'postfix/login_map'),
  data: join(dir, 'postfix-data'),
  queue: join(dir, 'queue'),
})

/** Folders of Postfix's queue that are its user's alone; the master makes none itself (postfix-files(5)). */
const queueFolders = [
  ...['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'maildrop'],
  ...['private', 'public', 'saved', 'trace'],
]

/** The user that owns all mailboxes. */
export const mailUser = 'nobody'

const idOf = (kind: '-u' | '-g', user: string): number => Number(execFileSync('id', [kind, user]).toString())

const folder = (path: string, mode: number, owner?: string): void => {
  mkdirSync(path, { mode })
  chmodSync(path, mode)
  if (owner !== undefined) chownSync(path, idOf('-u', owner), idOf('-g', owner))
}

/** Makes a fresh folder. Its parts can be entered by the users that the daemons drop to. */
export const makeLayout = (): Layout => {
  const made = layout(mkdtempSync(join(tmpdir(), 'chatmail-bench-')))
  chmodSync(made.dir, 0o755)
  for (const path of [made.run, made.state, made.postfix, made.queue]) folder(path, 0o755)
  folder(made.mail, 0o700, mailUser)
  folder(made.data, 0o700, 'postfix')
  folder(join(made.queue, 'pid'), 0o755)
  for (const name of queueFolders) folder(join(made.queue, name), name === 'public' ? 0o755 : 0o700, 'postfix')
  return made
}

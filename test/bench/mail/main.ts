/**
 * `npm run bench:mail [-- [--quick] [--no-peer] [SUBSTRING]]`: each server in processes of its own, the load from this one,
 * over loopback with TLS and real fsync. Prints a table of the rows whose name has the substring; progress on stderr.
 */
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { attempt, compare, endWith, machine, words } from '../compare.ts'
import { Running } from '../running.ts'
import { chatmail } from './chatmail.ts'
import { dovecotPostfix } from './peers/dovecot-postfix/start.ts'
import { defaultOptions, rows } from './rows.ts'
import type { Found, Target } from './target.ts'

const { chosen, peer, quick, share } = words(rows)
const servers: Found[] = [chatmail(), ...(peer ? [dovecotPostfix()] : [])]
const running = new Running<Target>()
endWith(() => running.end())

// A fault of the load generator must not leave daemons behind.
process.on('uncaughtException', (error) => {
  console.error(error)
  void running.end().then(() => process.exit(1))
})

/** Magic number of a file system in memory (statfs(2)), on which fsync costs nothing. */
const tmpfs = 0x01021994

const disk = statfsSync(tmpdir()).type === tmpfs ? 'IN MEMORY: fsync is not real, set TMPDIR to a disk' : 'on disk'

console.log(`${machine()}, data in ${tmpdir()} ${disk}`)
await compare(servers, { chosen, quick }, async (row, { name, start }) => {
  const reason = row.without?.[name]
  if (reason !== undefined) return { reason }
  const options = row.options ?? defaultOptions
  return attempt(`${row.figure}: ${name}`, () =>
    running.with(
      () => start(options),
      (target) => row.measure(target, share),
    ),
  )
})

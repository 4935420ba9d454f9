/**
 * `npm run bench:mail [-- [--quick] [--no-peer] [SUBSTRING]]`: each server in processes of its own, the load from this one,
 * over loopback with TLS and real fsync. Prints a table of the rows whose name has the substring; progress on stderr.
 */

import { statfsSync } from 'node:fs'
import { constants, cpus, release, tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { type Cell, Table } from '../table.ts'
import { chatmail } from './chatmail.ts'
import { dovecotPostfix } from './peers/dovecot-postfix/start.ts'
import { defaultOptions, type Row, rows } from './rows.ts'
import { Running } from './running.ts'
import { type Found, Unable } from './target.ts'

const usage = 'npm run bench:mail [-- [--quick] [--no-peer] [SUBSTRING]]'

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, 'no-peer': { type: 'boolean', default: false } },
  allowPositionals: true,
})

/** Share of the full counts. */
const share = values.quick ? 0.1 : 1

const chosen = rows.filter(({ figure }) =>
  positionals.every((part) => figure.toLowerCase().includes(part.toLowerCase())),
)
if (chosen.length === 0) {
  console.error(`No row has this in its name. ${usage}\n${rows.map(({ figure }) => `  ${figure}`).join('\n')}`)
  process.exit(64)
}

const servers: Found[] = [chatmail(), ...(values['no-peer'] ? [] : [dovecotPostfix()])]
const running = new Running()

const leave = async (exitCode: number): Promise<void> => {
  await running.end()
  process.exit(exitCode)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void leave(128 + constants.signals[signal]))

// A fault of the load generator must not leave daemons behind.
process.on('uncaughtException', (error) => {
  console.error(error)
  void leave(1)
})

const unable = ({ message: reason }: Unable): Cell => {
  process.stderr.write('not on this machine\n')
  return { reason }
}

const measure = async (row: Row, server: Found): Promise<Cell> => {
  const reason = row.without?.[server.name]
  if (reason !== undefined) return { reason }
  if ('missing' in server) return { reason: server.missing }
  process.stderr.write(`${row.figure}: ${server.name} … `)
  try {
    const found = await running.with(server, row.options ?? defaultOptions, (target) => row.measure(target, share))
    process.stderr.write(`${found}\n`)
    return found
  } catch (error) {
    if (error instanceof Unable) return unable(error)
    process.exitCode = 1
    process.stderr.write('failed\n')
    console.error(error)
    return { reason: `failed: ${String(error).split('\n')[0]}` }
  }
}

/** Magic number of a file system in memory (statfs(2)), on which fsync costs nothing. */
const tmpfs = 0x01021994

const machine = (): string => {
  const disk = statfsSync(tmpdir()).type === tmpfs ? 'IN MEMORY: fsync is not real, set TMPDIR to a disk' : 'on disk'
  const cpu = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}`
  return `${cpu}, Linux ${release()}, Node ${process.version}, data in ${tmpdir()} ${disk}`
}

console.log(machine())
for (const server of servers)
  console.log(`${server.name}: ${'missing' in server ? server.missing : `${server.version}; ${server.setUp}`}`)
if (values.quick) console.log('A tenth of the full counts: good for a look, not for comparison.')
console.log()
const table = new Table(
  servers.map(({ name }) => name),
  (line) => console.log(line),
)
for (const row of chosen) {
  const cells: Cell[] = []
  for (const server of servers) cells.push(await measure(row, server))
  table.row(row.figure, cells, row.aim)
}
table.notes()

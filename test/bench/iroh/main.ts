/**
 * `npm run bench:iroh [-- [--quick] [--no-peer] [SUBSTRING]]`: each relay in a process of its own, the load from this one,
 * over loopback, with the protocol of Iroh 0.35, which both speak. Prints a table; progress on stderr.
 */
import { constants, cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { type Cell, Table } from '../table.ts'
import { chatmail } from './chatmail.ts'
import { irohRelay } from './peers/iroh-relay.ts'
import { type Row, rows } from './rows.ts'
import type { Found, Target } from './target.ts'

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, 'no-peer': { type: 'boolean', default: false } },
  allowPositionals: true,
})

/** Share of the full counts. */
const share = values.quick ? 0.1 : 1

const chosen = rows.filter(({ figure }) =>
  positionals.every((word) => figure.toLowerCase().includes(word.toLowerCase())),
)
if (chosen.length === 0) {
  console.error(`No row has this in its name:\n${rows.map(({ figure }) => `  ${figure}`).join('\n')}`)
  process.exit(64)
}

const running = new Set<Target>()

const leave = async (exitCode: number): Promise<void> => {
  await Promise.all([...running].map((target) => target.stop()))
  process.exit(exitCode)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void leave(128 + constants.signals[signal]))

/** In a process of its own each time, so that no row finds what another left. */
const measure = async (row: Row, server: Found): Promise<Cell> => {
  if ('missing' in server) return { reason: server.missing }
  process.stderr.write(`${row.figure}: ${server.name} … `)
  const target = await server.start()
  running.add(target)
  try {
    const found = await row.measure(target, share)
    process.stderr.write(`${found}\n`)
    return found
  } catch (error) {
    process.exitCode = 1
    process.stderr.write('failed\n')
    return { reason: `failed: ${String(error).split('\n')[0]}` }
  } finally {
    running.delete(target)
    await target.stop()
  }
}

const servers: Found[] = [chatmail(), ...(values['no-peer'] ? [] : [irohRelay()])]
console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Linux ${release()}, Node ${process.version}`)
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
process.exit()

/**
 * `npm run bench:operator [-- COUNT…]`: so many ChatmailServers (10, 100, 1000) in a real API server, their pods played by
 * this process by writing their status, the operator a process of its own from the bundle of the image. Beside it, the
 * time of applying the same objects raw through a pool as large. Prints a table; progress on stderr.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiServerMissing } from '../../support/api-server.ts'
import { Table } from '../table.ts'
import { type Figures, measure } from './measure.ts'
import { rows } from './rows.ts'

const missing = apiServerMissing()
if (missing) {
  console.error(missing)
  process.exit(69)
}

const counts = process.argv.slice(2).map(Number)
if (counts.some((count) => !Number.isInteger(count) || count < 1)) {
  console.error('npm run bench:operator [-- COUNT…], each a number of servers')
  process.exit(64)
}

const folder = mkdtempSync(join(tmpdir(), 'chatmail-bench-operator-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => process.exit(128 + constants.signals[signal]))

const bundled = spawnSync(process.execPath, ['hack/image/bundle.ts', folder], {
  stdio: ['ignore', 'ignore', 'inherit'],
})
if (bundled.status !== 0) process.exit(1)

console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Linux ${release()}, Node ${process.version}`)
console.log('API server, etcd, the players of pods and the operator share that machine; 8 connections each.\n')

const measured: Figures[] = []
for (const count of counts.length ? counts : [10, 100, 1000])
  measured.push(
    await measure(count, join(folder, 'app/chatmail.js'), (text) => process.stderr.write(`${count}: ${text}\n`)),
  )

const table = new Table(
  measured.map(({ servers }) => `${servers} servers`),
  (line) => console.log(line),
)
for (const { figure, cell, aim = '' } of rows) table.row(figure, measured.map(cell), aim)
table.notes()

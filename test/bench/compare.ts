/** What the benchmarks share that compare servers row by row: the words of their command, and what they print. */
import { constants, cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { type Cell, Table } from './table.ts'

/** `setUp`: how it is set up, as far as that matters for a comparison. */
export type Server<Name extends string, Start> = { name: Name; version: string; setUp: string; start: Start }
/** The server, or in a sentence why there is none. */
export type Found<Name extends string, Start> = Server<Name, Start> | { name: Name; missing: string }

type Row = { figure: string; aim: string }

/** Why a server that is here cannot be measured on this machine as it is. */
export class Unable extends Error {}

/**
 * `[--quick] [--no-peer] [SUBSTRING…]`: the rows with all of them in their name, and the share of the full counts. Ends the
 * process where there is no such row.
 */
export const words = <R extends Row>(
  rows: readonly R[],
): { chosen: R[]; peer: boolean; quick: boolean; share: number } => {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, 'no-peer': { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const chosen = rows.filter(({ figure }) =>
    positionals.every((word) => figure.toLowerCase().includes(word.toLowerCase())),
  )
  if (chosen.length === 0) {
    console.error(`No row has this in its name:\n${rows.map(({ figure }) => `  ${figure}`).join('\n')}`)
    process.exit(64)
  }
  return { chosen, peer: !values['no-peer'], quick: values.quick, share: values.quick ? 0.1 : 1 }
}

/** A server that is being measured must not outlive this process. */
export const endWith = (end: () => Promise<unknown>): void => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void end().finally(() => process.exit(128 + constants.signals[signal])))
}

export const machine = (): string =>
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Linux ${release()}, Node ${process.version}`

/** What `work` finds, or why there is nothing; progress on standard error. */
export const attempt = async (what: string, work: () => Promise<string>): Promise<Cell> => {
  process.stderr.write(`${what} … `)
  try {
    const found = await work()
    process.stderr.write(`${found}\n`)
    return found
  } catch (error) {
    if (error instanceof Unable) {
      process.stderr.write('not on this machine\n')
      return { reason: error.message }
    }
    process.exitCode = 1
    process.stderr.write('failed\n')
    console.error(error)
    return { reason: `failed: ${String(error).split('\n')[0]}` }
  }
}

/** Prints what is compared and the table, a row as soon as it is measured. */
export const compare = async <R extends Row, Name extends string, Start>(
  servers: readonly Found<Name, Start>[],
  { chosen, quick }: { chosen: readonly R[]; quick: boolean },
  measure: (row: R, server: Server<Name, Start>) => Promise<Cell>,
): Promise<void> => {
  for (const server of servers)
    console.log(`${server.name}: ${'missing' in server ? server.missing : `${server.version}; ${server.setUp}`}`)
  if (quick) console.log('A tenth of the full counts: good for a look, not for comparison.')
  console.log()
  const table = new Table(
    servers.map(({ name }) => name),
    (line) => console.log(line),
  )
  for (const row of chosen) {
    const cells: Cell[] = []
    for (const server of servers)
      cells.push('missing' in server ? { reason: server.missing } : await measure(row, server))
    table.row(row.figure, cells, row.aim)
  }
  table.notes()
}

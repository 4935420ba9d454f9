/**
 * `npm run bench:turn [-- [--quick] [--rounds N] [--cores]]`: each server in a process of its own, the load from a C program
 * at a constant rate over loopback, rounds interleaved so that an hour of the machine is every server's. Prints the medians.
 */
import { cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { type Cell, Table } from '../table.ts'
import { Generator } from './generator.ts'
import { type Figures, measure, type Scenario, steadyRate } from './measure.ts'
import { type Server, servers } from './servers.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    cores: { type: 'boolean', default: false },
  },
})

const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
const seconds = values.quick ? 1 : 2
const scenarios: readonly Scenario[] = [
  { allocations: 20, size: 160 },
  { allocations: 20, size: 1100 },
  { allocations: 1000, size: 160 },
  { allocations: 1000, size: 1100 },
]

const micro = (value: number): string => `${value.toFixed(1)} µs`
const rows: readonly (readonly [
  figure: string,
  aim: string,
  cell: (figures: Figures) => number,
  show: (value: number) => string,
])[] = [
  [`CPU a datagram at ${steadyRate / 1000}k/s`, '', ({ steadyCpu }) => steadyCpu, micro],
  ['CPU a datagram, saturated', '≤ 18 µs', ({ saturatedCpu }) => saturatedCpu, micro],
  ['highest rate with ≤ 0.5 % lost', '≥ 50k/s', ({ highest }) => highest, (value) => `${(value / 1000).toFixed(1)}k/s`],
  [`latency p50 at ${steadyRate / 1000}k/s`, '', ({ p50 }) => p50, (value) => `${value.toFixed(2)} ms`],
  [`latency p99 at ${steadyRate / 1000}k/s`, '', ({ p99 }) => p99, (value) => `${value.toFixed(2)} ms`],
]
const allocationRows: typeof rows = [
  ['CPU of 401 + Allocate + ChannelBind', '≤ 750 µs', ({ allocationCpu }) => allocationCpu, micro],
  [
    'memory of an allocation',
    '≤ 12 KiB',
    ({ allocationMemory }) => allocationMemory,
    (value) => `${value.toFixed(1)} KiB`,
  ],
  ['allocations a second', '', ({ allocationsPerSecond }) => allocationsPerSecond, (value) => value.toFixed(0)],
]

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!

const compared: Server[] = servers(values.cores)
const generator = new Generator()
process.on('exit', () => generator.remove())
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const tryMeasure = async (server: Server, scenario: Scenario): Promise<Figures | string> => {
  if (server.missing) return server.missing
  process.stderr.write(`${server.name}, ${scenario.allocations} × ${scenario.size} B … `)
  try {
    const figures = await measure(server, scenario, generator, seconds)
    process.stderr.write(`${Math.round(figures.highest / 1000)}k/s\n`)
    return figures
  } catch (error) {
    process.stderr.write('failed\n')
    return `${scenario.allocations} allocations: ${(error as Error).message}`
  }
}

console.log(`${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}, medians of ${rounds}`)
for (const scenario of scenarios) {
  const found = new Map<Server, (Figures | string)[]>(compared.map((server) => [server, []]))
  for (let round = 0; round < rounds; round++)
    for (const server of compared) found.get(server)!.push(await tryMeasure(server, scenario))
  console.log(`\n${scenario.allocations} allocations, ${scenario.size} B, both directions\n`)
  const table = new Table(
    compared.map(({ name }) => name),
    (line) => console.log(line),
  )
  for (const [figure, aim, cell, show] of scenario.allocations > 100 ? [...rows, ...allocationRows] : rows) {
    const cells = compared.map((server): Cell => {
      const good = found.get(server)!.filter((each) => typeof each !== 'string')
      return good.length > 0 ? show(median(good.map(cell))) : { reason: String(found.get(server)![0]) }
    })
    table.row(figure, cells, aim)
  }
  table.notes()
}
process.exit(0)

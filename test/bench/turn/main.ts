/**
 * `npm run bench:turn [-- [--quick] [--rounds N] [--cores] [--size N] [--allocations N]]`: each server in a process of its own, the load from a C program
 * at a constant rate over loopback, rounds interleaved so that an hour of the machine is every server's.
 */
import { parseArgs } from 'node:util'
import { endWith, machine } from '../compare.ts'
import { type Cell, Table } from '../table.ts'
import { Generator } from './generator.ts'
import { type Figures, measure, type Scenario, steadyRate, stopAll } from './measure.ts'
import { type Server, servers } from './servers.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    cores: { type: 'boolean', default: false },
    size: { type: 'string' },
    allocations: { type: 'string' },
  },
})

const rounds = Number(values.rounds ?? (values.quick ? 1 : 5))
const seconds = values.quick ? 1 : 2
const all: readonly Scenario[] = [
  { allocations: 20, size: 160 },
  { allocations: 20, size: 1100 },
  { allocations: 1000, size: 160 },
  { allocations: 1000, size: 1100 },
]

/** Those that `--size` and `--allocations` leave. */
const scenarios = all.filter(
  ({ size, allocations }) =>
    [undefined, String(size)].includes(values.size) && [undefined, String(allocations)].includes(values.allocations),
)

/** What stands for the rounds: other work on the machine takes from rates and adds to times, and never the other way. */
type Pick = (rounds: readonly Figures[], of: keyof Figures) => number
const sorted = (rounds: readonly Figures[], of: keyof Figures): readonly Figures[] =>
  [...rounds].sort((a, b) => a[of] - b[of])
const median: Pick = (rounds, of) => sorted(rounds, of)[Math.floor((rounds.length - 1) / 2)]![of]
const highest: Pick = (rounds, of) => sorted(rounds, of).at(-1)![of]
const lowest: Pick = (rounds, of) => sorted(rounds, of)[0]![of]
/** Of the round that carried most: the busier a server is, the more it does for each system call. */
const atHighest: Pick = (rounds, of) => sorted(rounds, 'highest').at(-1)![of]

type FigureRow = { figure: string; aim: string; pick: Pick; of: keyof Figures; show: (value: number) => string }

const micro = (value: number): string => `${value.toFixed(1)} µs`
const milli = (value: number): string => `${value.toFixed(2)} ms`
const steady = `${steadyRate / 1000}k/s`
const relayRows: readonly FigureRow[] = [
  { figure: `CPU a datagram at ${steady}`, aim: '', pick: median, of: 'steadyCpu', show: micro },
  { figure: 'CPU a datagram, at the highest rate', aim: '≤ 18 µs', pick: atHighest, of: 'saturatedCpu', show: micro },
  {
    figure: 'highest rate with ≤ 0.5 % lost',
    aim: '≥ 50k/s',
    pick: highest,
    of: 'highest',
    show: (value) => `${(value / 1000).toFixed(1)}k/s`,
  },
  { figure: `latency p50 at ${steady}`, aim: '', pick: lowest, of: 'p50', show: milli },
  { figure: `latency p99 at ${steady}`, aim: '', pick: lowest, of: 'p99', show: milli },
]
const allocationRows: readonly FigureRow[] = [
  { figure: 'CPU of 401 + Allocate + ChannelBind', aim: '≤ 750 µs', pick: median, of: 'allocationCpu', show: micro },
  {
    figure: 'memory of an allocation',
    aim: '≤ 12 KiB',
    pick: median,
    of: 'allocationMemory',
    show: (value) => `${value.toFixed(1)} KiB`,
  },
  {
    figure: 'allocations a second',
    aim: '',
    pick: highest,
    of: 'allocationsPerSecond',
    show: (value) => value.toFixed(0),
  },
]

const compared: Server[] = servers(values.cores)
const generator = new Generator()
process.on('exit', () => generator.remove())
endWith(stopAll)

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

console.log(`${machine()}, ${rounds} rounds: medians of costs, the best of rates and latencies`)
for (const scenario of scenarios) {
  const found = new Map<Server, (Figures | string)[]>(compared.map((server) => [server, []]))
  for (let round = 0; round < rounds; round++)
    for (const server of compared) found.get(server)!.push(await tryMeasure(server, scenario))
  console.log(`\n${scenario.allocations} allocations, ${scenario.size} B, both directions\n`)
  const table = new Table(
    compared.map(({ name }) => name),
    (line) => console.log(line),
  )
  for (const { figure, aim, pick, of, show } of scenario.allocations > 100
    ? [...relayRows, ...allocationRows]
    : relayRows) {
    const cells = compared.map((server): Cell => {
      const good = found.get(server)!.filter((each) => typeof each !== 'string')
      return good.length > 0 ? show(pick(good, of)) : { reason: String(found.get(server)![0]) }
    })
    table.row(figure, cells, aim)
  }
  table.notes()
}
process.exit(0)

/** The table's rows: a name, the figure of one run, and the aim where there is one. */
import type { Figures } from './measure.ts'

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const mebibytes = (kib: number): string => `${Math.round(kib / 1024)} MiB`

export type Row = { figure: string; cell: (figures: Figures) => string; aim?: string }

export const rows: readonly Row[] = [
  { figure: 'from the first apply until all are ready', cell: ({ readyMs }) => seconds(readyMs) },
  { figure: 'the same objects raw, until their pods are ready', cell: ({ rawMs }) => seconds(rawMs) },
  { figure: 'ratio', cell: ({ readyMs, rawMs }) => `${(readyMs / rawMs).toFixed(2)} ×`, aim: '≤ 1.3 ×' },
  {
    figure: 'objects and writes a server',
    cell: ({ servers, objects, writes }) => `${(objects / servers).toFixed(1)}; ${(writes / servers).toFixed(1)}`,
  },
  {
    figure: 'calls that only read, a server',
    cell: ({ servers, reads }) => (reads / servers).toFixed(1),
  },
  {
    figure: 'edit until the status is of it, p50 / p99',
    cell: ({ editMs: { p50, p99 } }) => `${p50.toFixed(0)} / ${p99.toFixed(0)} ms`,
  },
  {
    figure: 'memory of the operator: at rest / at most',
    cell: ({ restKiB, peakKiB }) => `${mebibytes(restKiB)} / ${mebibytes(peakKiB)}`,
    aim: '< 200 MB',
  },
  {
    figure: 'restart: until all were looked at; writes',
    cell: ({ restartMs, restartWrites }) => `${seconds(restartMs)}; ${restartWrites}`,
    aim: '0 writes',
  },
]

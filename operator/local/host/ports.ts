/** Whether the ports that a server needs can be had, before anything is started. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { exitCodes } from '../../../workloads/contract/exit-codes.ts'
import { StartError } from '../../../workloads/contract/start-error.ts'
import type { PortRow } from '../../render/ports.ts'

type Bind = (port: number, host: string) => Promise<void>

const tcp: Bind = (port, host) =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve()))
  })

const udp: Bind = (port, host) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' })
    socket.once('error', reject)
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve()))
  })

const reasons = new Map([
  ['EADDRINUSE', 'is taken by another program'],
  ['EACCES', 'needs a privilege: ports below 1024 belong to the system'],
  ['EADDRNOTAVAIL', 'cannot be had on that address: it is not one of this machine'],
])

const problem = (row: PortRow, error: NodeJS.ErrnoException): string =>
  `${row.protocol} port ${row.from} (${row.purpose}) ${reasons.get(error.code ?? '') ?? `cannot be had: ${error.code}`}. Give another one in ${row.field}.`

const tryOne = async (row: PortRow, host: string): Promise<string[]> => {
  try {
    await (row.protocol === 'TCP' ? tcp : udp)(row.from, host)
    return []
  } catch (error) {
    return [problem(row, error as NodeJS.ErrnoException)]
  }
}

const overlap = (a: PortRow, b: PortRow): boolean => a.protocol === b.protocol && a.from <= b.to && b.from <= a.to

const clashes = (rows: readonly PortRow[]): string[] =>
  rows.flatMap((row, index) =>
    rows
      .slice(index + 1)
      .filter((other) => overlap(row, other))
      .map(
        (other) =>
          `${row.field} and ${other.field} are the same ${row.protocol} port ${other.from}. Give another one in either.`,
      ),
  )

/** The local addresses that a row's port is bound on. */
export type Hosts = (row: PortRow) => readonly string[]

/** @throws StartError naming each port that cannot be had and its field. Of a range only the order is known before. */
export const checkPorts = async (rows: readonly PortRow[], hosts: Hosts): Promise<void> => {
  const twice = clashes(rows)
  if (twice.length) throw new StartError(twice.join('\n'), exitCodes.config)
  const single = rows.filter(({ from, to }) => from === to)
  const taken = await Promise.all(single.flatMap((row) => hosts(row).map((host) => tryOne(row, host))))
  const found = [...new Set(taken.flat())]
  if (found.length) throw new StartError(found.join('\n'), exitCodes.unavailable)
}

/**
 * How many relayed addresses a coturn has, from what the system says of its sockets: Debian's coturn tells nobody. Its
 * sockets are those of its descriptors, `/proc/PID/fd/N -> socket:[INODE]`; those of relays are bound to a port of the range.
 *
 *   sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …      (/proc/net/udp, udp6)
 *    0: 0100007F:C001 00000000:0000 07 …                     0 0      5120
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const socketLink = /^socket:\[(\d+)\]$/

const inodeColumn = 9

/** Lines of `tables` whose port lies in the range and whose inode is one of `inodes`. */
export const countSockets = (
  tables: readonly string[],
  inodes: ReadonlySet<string>,
  { min, max }: { min: number; max: number },
): number =>
  tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => inodes.has(columns[inodeColumn] ?? ''))
    .map((columns) => Number.parseInt(columns[1]!.split(':').at(-1)!, 16))
    .filter((port) => port >= min && port <= max).length

const orNothing = <T>(read: () => T, nothing: T): T => {
  try {
    return read()
  } catch {
    return nothing
  }
}

const socketsOf = (pid: number): Set<string> => {
  const folder = `/proc/${pid}/fd`
  const links = orNothing(() => readdirSync(folder), []).map((name) =>
    orNothing(() => readlinkSync(`${folder}/${name}`), ''),
  )
  return new Set(links.flatMap((link) => socketLink.exec(link)?.[1] ?? []))
}

/** Relay sockets of the process now; none where the system has no /proc. */
export const relaySocketCount = (pid: number | undefined, range: { min: number; max: number }): number => {
  if (pid === undefined) return 0
  const tables = ['/proc/net/udp', '/proc/net/udp6'].map((path) => orNothing(() => readFileSync(path, 'utf8'), ''))
  return countSockets(tables, socketsOf(pid), range)
}

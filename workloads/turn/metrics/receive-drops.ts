/**
 * How many datagrams found the receive buffer of a socket full, from /proc/net/udp and udp6: the column `drops` is the last.
 *
 *   sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops
 *    0: 0100007F:0D96 00000000:0000 07 …                                                     0
 */
const localPort = (line: string): number =>
  Number.parseInt(/^\s*\d+:\s+[0-9A-F]+:([0-9A-F]{4})\s/.exec(line)?.[1] ?? '', 16)

/** The sum over every socket on `port`; zero where the system has no such files. */
export const receiveDrops = (tables: readonly string[], port: number): number =>
  tables
    .flatMap((table) => table.split('\n'))
    .filter((line) => localPort(line) === port)
    .reduce((sum, line) => sum + Number(line.trimEnd().split(/\s+/).at(-1)), 0)

/** A machine outside of the cluster, on the same LAN: what a client's computer is. It has names of its own and no DNS. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Goes into another network without changing what else a program sees. */
export const inNetwork = (name: string): readonly string[] => ['nsenter', `--net=/run/netns/${name}`]

const bound =
  'mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf && shift && exec "$@"'

/**
 * The words to put before a program so that it runs in the network `name` and sees `hosts` (name → address) and no other
 * name. The files lie below `dir`. The program keeps the process id, so signals reach it.
 */
export const outsider = (name: string, hosts: Readonly<Record<string, string>>, dir: string): readonly string[] => {
  const folder = mkdtempSync(join(dir, 'outsider-'))
  const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(([host, address]) => `${address} ${host}\n`)
  writeFileSync(join(folder, 'hosts'), lines.join(''))
  // Nobody answers there, so other names fail at once.
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\n')
  return [...inNetwork(name), 'unshare', '--mount', '--propagation', 'private', 'sh', '-c', bound, 'sh', folder]
}

/** An IP address as the bytes that it stands for. */
import { isIPv4 } from 'node:net'

/** Of an address in its text form, without dots in an IPv6 one: 4 bytes or 16. */
export const ipBytes = (address: string): Buffer => {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const groups = (text: string): number[] => (text ? text.split(':').map((group) => Number.parseInt(group, 16)) : [])
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

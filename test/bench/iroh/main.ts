/**
 * `npm run bench:iroh [-- [--quick] [--no-peer] [SUBSTRING]]`: each relay in a process of its own, the load from this one,
 * over loopback, with the protocol of Iroh 0.35, which both speak. Prints a table; progress on stderr.
 */
import { attempt, compare, endWith, machine, words } from '../compare.ts'
import { Running } from '../running.ts'
import { chatmail } from './chatmail.ts'
import { irohRelay } from './peers/iroh-relay.ts'
import { rows } from './rows.ts'
import type { Found, Target } from './target.ts'

const { chosen, peer, quick, share } = words(rows)
const servers: Found[] = [chatmail(), ...(peer ? [irohRelay()] : [])]
const running = new Running<Target>()
endWith(() => running.end())

console.log(machine())
// In a process of its own each time, so that no row finds what another left.
await compare(servers, { chosen, quick }, (row, { name, start }) =>
  attempt(`${row.figure}: ${name}`, () => running.with(start, (target) => row.measure(target, share))),
)
process.exit()

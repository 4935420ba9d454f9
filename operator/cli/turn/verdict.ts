/** The last line of `turn test`: what all steps together say to whoever runs it. */
import type { Part } from './parts.ts'

export type Result = Awaited<ReturnType<Part<'checks'>['checkServer']>>[number]
export type Over = Parameters<Part<'checks'>['checkServer']>[0]['over']

/** What works is said of Delta Chat over UDP, and of other clients over what they come by where none gets out. */
const wordsOver = (over: Over) =>
  over === 'udp'
    ? {
        calls: 'Calls',
        most: 'Calls of Delta Chat',
        seen: 'from outside',
        other: 'tcp',
        otherAlone: 'Delta Chat uses UDP, which does not get through as TCP does',
      }
    : {
        calls: `Calls over ${over.toUpperCase()}`,
        most: `Calls over ${over.toUpperCase()}`,
        seen: 'from outside, where UDP gets out',
        other: over === 'tls' ? 'tcp' : 'tls',
        otherAlone: over === 'tls' ? 'over TCP without TLS they do' : 'over TLS they do',
      }

/** `works`: every essential step was passed, or is not to be found out from here. */
export const verdict = (works: boolean, results: readonly Result[], over: Over): string => {
  const is = (step: string, outcome: string) => results.some((each) => each.step === step && each.outcome === outcome)
  const { calls, most, seen, other, otherAlone } = wordsOver(over)
  if (is('binding', 'failed') && is(other, 'ok')) return `${calls} do not work from here: ${otherAlone}.`
  if (is('range', 'failed') && is('relay', 'ok'))
    return `${calls} work only where both people use this relay: its relayed ports are not open to others.`
  if (is('loss', 'failed')) return `${calls} come about and suffer: too much is lost on the way.`
  if (!works) return `${calls} do not work through this server from here.`
  if (is('range', 'skipped'))
    return `${calls} work as far as can be told from here; whether the relayed ports are open shows only ${seen}.`
  return results.some(({ outcome }) => outcome === 'failed')
    ? `${most} work; what is marked with ! is missing for other clients and networks.`
    : `${calls} work through this server from here.`
}

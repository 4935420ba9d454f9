/** A client that was away: it looks through the headers of a full mailbox, then takes the messages one by one. */

import { percentile } from '../../percentile.ts'
import type { ImapClient } from '../clients/imap.ts'
import type { Target } from '../target.ts'
import { messageSize, person, session } from './people.ts'
import { throughput } from './throughput.ts'

/** The header fields that Delta Chat asks for before it decides what to download. */
const items =
  'UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE X-MICROSOFT-ORIGINAL-MESSAGE-ID FROM CONTENT-TYPE SECURE-JOIN CHAT-VERSION CHAT-IS-POST-MESSAGE AUTOCRYPT-SETUP-MESSAGE)]'

const rounds = 7

const timed = async (imap: ImapClient, command: string): Promise<{ ms: number; octets: number }> => {
  const start = performance.now()
  const octets = await imap.command(command)
  return { ms: performance.now() - start, octets }
}

/** Milliseconds for all headers in one FETCH, and for one body, as medians, in a mailbox of `count` messages. */
export const prefetch = async (target: Target, count: number): Promise<{ headersMs: number; bodyMs: number }> => {
  await throughput(target, 'prefetch', 1, count)
  const imap = await session(target, person(target, 'prefetch-to-0'))
  const headers: number[] = []
  for (let round = 0; round < rounds; round++) headers.push((await timed(imap, `UID FETCH 1:${count} (${items})`)).ms)
  const bodies: number[] = []
  for (let uid = 1; uid <= count; uid++) {
    const { ms, octets } = await timed(imap, `UID FETCH ${uid} (FLAGS BODY.PEEK[])`)
    if (octets < messageSize * 0.9) throw new Error(`message ${uid} is not complete: ${octets} octets`)
    bodies.push(ms)
  }
  await imap.close()
  return { headersMs: percentile(headers, 0.5), bodyMs: percentile(bodies, 0.5) }
}

/**
 * ENVELOPE (RFC 3501 §7.4.2).
 *
 *   envelope = "(" date SP subject SP from SP sender SP reply-to SP to SP cc SP bcc SP in-reply-to SP message-id ")"
 */
import { noctets } from '../wire/encode.ts'
import { type Address, parseAddresses } from './address.ts'

const address = ({ name, mailbox, host }: Address): string =>
  `(${noctets(name)} NIL ${noctets(mailbox)} ${noctets(host)})`

const addresses = (value: string | undefined): string => {
  const list = value ? parseAddresses(value) : []
  return list.length === 0 ? 'NIL' : `(${list.map(address).join('')})`
}

/** From the first value of each header field, Latin-1, by lower-case name. */
export const envelope = (fields: ReadonlyMap<string, string>): string => {
  const from = fields.get('from')
  return `(${[
    noctets(fields.get('date')),
    noctets(fields.get('subject')),
    addresses(from),
    addresses(fields.get('sender') || from),
    addresses(fields.get('reply-to') || from),
    addresses(fields.get('to')),
    addresses(fields.get('cc')),
    addresses(fields.get('bcc')),
    noctets(fields.get('in-reply-to')),
    noctets(fields.get('message-id')),
  ].join(' ')})`
}

/** Where a draining server sends new clients (Try-Alternate, RFC 8489 §10). */
import { addressBytes, familyOf } from '../../kit/address/text.ts'
import { attributes, familyCodes } from '../stun/attributes.ts'
import type { Attribute } from '../stun/build.ts'

export type Alternate = { address: string; port: number }

/** One of the client's own family, which RFC 8489 §14.15 asks for; null where there is none. */
export const alternateFor = (
  alternates: readonly Alternate[],
  client: { address: string },
  random: (below: number) => number,
): Alternate | null => {
  const fitting = alternates.filter(({ address }) => familyOf(address) === familyOf(client.address))
  return fitting.length > 0 ? fitting[random(fitting.length)]! : null
}

/** ALTERNATE-SERVER: `0(8) family(8) port(16) address`, as MAPPED-ADDRESS. */
export const alternateServer = ({ address, port }: Alternate): Attribute => ({
  type: attributes.alternateServer,
  value: Buffer.from([0, familyCodes[familyOf(address)], port >> 8, port & 0xff, ...addressBytes(address)]),
})

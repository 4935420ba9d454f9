/**
 * The address under which clients reach the relay on a node: what the resource says, then the node's annotation, then its
 * ExternalIP, then its InternalIP where that is an address of the public Internet (a rented machine). A private address is
 * never told to clients unless somebody has written it down.
 */
import { isIPv4, isIPv6 } from 'node:net'
import type { ChatmailServerSpec } from '../../api/chatmail-server.ts'
import { annotationPrefix } from '../../render/objects.ts'
import type { Node } from '../view.ts'

export const publicAddressAnnotation = `${annotationPrefix}public-address`

/** One address a family, as far as there is one. */
export type PublicAddress = { ipv4: string | null; ipv6: string | null }

export const firstOfEach = (addresses: readonly string[]): PublicAddress => ({
  ipv4: addresses.find((address) => isIPv4(address)) ?? null,
  ipv6: addresses.find((address) => isIPv6(address)) ?? null,
})

/** Ranges that no client on the Internet can send to (RFC 6890), as far as nodes have addresses in them. */
const privateIpv4 =
  /^(0|10|127)\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^192\.168\.|^192\.0\.[02]\.|^198\.(1[89]\.|51\.100\.)|^203\.0\.113\.|^(22[4-9]|2[3-5]\d)\./
/** Global unicast is 2000::/3 (RFC 4291 §2.4); 2001:db8::/32 is for documentation. */
const globalIpv6 = /^[23][0-9a-f]{3}:/i

const isOnTheInternet = (address: string): boolean =>
  isIPv4(address) ? !privateIpv4.test(address) : globalIpv6.test(address) && !/^2001:0?db8:/i.test(address)

export const nodeAddresses = ({ status }: Node, type: string): string[] =>
  (status?.addresses ?? []).filter((entry) => entry.type === type).map(({ address }) => address)

const annotated = ({ metadata }: Node): string[] =>
  (metadata.annotations?.[publicAddressAnnotation] ?? '').split(',').map((address) => address.trim())

/** The `index`th address of each family among those that the resource lists. */
const listed = (addresses: readonly string[], index: number): string[] =>
  [isIPv4, isIPv6].flatMap((family) => addresses.filter((address) => family(address)).slice(index, index + 1))

const filled = ({ ipv4, ipv6 }: PublicAddress): boolean => ipv4 !== null || ipv6 !== null

/** How many nodes the resource lists an address for. */
export const countOfPlaces = ({ turn }: ChatmailServerSpec): number => {
  const { addresses } = turn.publicAddress
  const ipv4 = addresses.filter((address) => isIPv4(address)).length
  return Math.max(ipv4, addresses.length - ipv4)
}

/** `index` is the node's place among those that addresses are listed for. */
export const publicAddress = ({ turn }: ChatmailServerSpec, node: Node, index: number): PublicAddress => {
  const { source, addresses } = turn.publicAddress
  if (source === 'Static') return firstOfEach(listed(addresses, index))
  const fromAnnotation = firstOfEach(annotated(node))
  if (source === 'Node' || filled(fromAnnotation)) return fromAnnotation
  const external = firstOfEach(nodeAddresses(node, 'ExternalIP'))
  return filled(external) ? external : firstOfEach(nodeAddresses(node, 'InternalIP').filter(isOnTheInternet))
}

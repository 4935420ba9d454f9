/** From a frame to the IP packet in it, by link type (tcpdump.org/linktypes.html). */

/** EtherTypes (IEEE 802). Tags of VLANs may be stacked. */
const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd, vlans: [0x8100, 0x88a8, 0x9100] }
const tagLength = 4

/** `at` is where the EtherType lies; the packet starts at `payload` where no tags are between. */
const behindEtherType = (frame: Buffer, at: number, payload: number): Buffer | null => {
  for (let tags = 0; at + 2 <= frame.length; tags += tagLength) {
    const type = frame.readUInt16BE(at)
    if (type === etherTypes.ipv4 || type === etherTypes.ipv6) return frame.subarray(payload + tags)
    if (!etherTypes.vlans.includes(type)) return null
    // A tag is its control information and the EtherType of what follows.
    at = payload + tags + 2
  }
  return null
}

const raw = (frame: Buffer): Buffer => frame
/** Four bytes tell the family, in one byte order or the other; the packet's own version says the same. */
const loopback = (frame: Buffer): Buffer => frame.subarray(4)

const linkTypes: Readonly<Record<number, (frame: Buffer) => Buffer | null>> = {
  /** NULL: BSD and macOS loopback */
  0: loopback,
  /** ETHERNET, which Linux says of its loopback too */
  1: (frame) => behindEtherType(frame, 12, 14),
  /** RAW as some systems number it in files */
  12: raw,
  14: raw,
  /** RAW */
  101: raw,
  /** LOOP: OpenBSD loopback */
  108: loopback,
  /** LINUX_SLL: the interface `any` */
  113: (frame) => behindEtherType(frame, 14, 16),
  /** IPV4 and IPV6 */
  228: raw,
  229: raw,
  /** LINUX_SLL2 */
  276: (frame) => behindEtherType(frame, 0, 20),
}

/** The link types that are read, in words. */
export const linkTypesRead = 'Ethernet, Linux cooked, loopback or raw IP'

export const isRead = (linkType: number): boolean => Object.hasOwn(linkTypes, linkType)

/** Null for frames of something else than IP, and of link types that are not read. */
export const ipPacketIn = (linkType: number, frame: Buffer): Buffer | null => linkTypes[linkType]?.(frame) ?? null

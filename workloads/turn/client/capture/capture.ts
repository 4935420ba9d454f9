/**
 * What client and server said to each other in a capture: a pcap or pcapng file, or hex, one datagram a line. All formats are
 * read as they come, so that a capture that still runs can be looked at, and a long one needs no memory.
 */
import { channelHeaderLength } from '../../stun/channel-data.ts'
import { magicCookie } from '../../stun/message.ts'
import { Bytes, CaptureError, maxLength } from './bytes.ts'
import type { Frame } from './frame.ts'
import { type Datagram, type Endpoint, type Segment, transportIn } from './ip-packet.ts'
import { ipPacketIn, isRead, linkTypesRead } from './link-layer.ts'
import { fromPcap, isPcap } from './pcap.ts'
import { fromPcapng, isPcapng } from './pcapng.ts'
import { TcpStream } from './tcp-stream.ts'

type Packet = {
  /** Seconds since the first packet; null where the capture has no times. */
  time: number | null
  protocol: 'udp' | 'tcp'
  from: Endpoint
  to: Endpoint
  /** Bytes of the message that are not in the capture. */
  missing: number
}

/** `packet` is null for hex, where nothing is known besides. */
export type CapturedMessage = { data: Buffer; packet: Packet | null }

/** Told what a person should know besides. */
export type Note = (text: string) => void

/** Directions of connections that are followed at one time: the one that said something longest ago makes room. */
const maxFlows = 512

const isStun = (data: Buffer): boolean => data.length >= 8 && data[0]! < 0x40 && data.readUInt32BE(4) === magicCookie

/** Peers' datagrams and others may lie between; a length that fits tells ChannelData from them. */
const isChannelData = (data: Buffer, missing: number): boolean => {
  if (data.length < channelHeaderLength || data[0]! >> 6 !== 1) return false
  const padding = data.length + missing - channelHeaderLength - data.readUInt16BE(2)
  return padding >= 0 && padding < 4
}

type Flow = { stream: TcpStream; packet: Packet }

const flowName = ({ from, to }: Packet): string => [from.address, from.port, to.address, to.port].join(' ')

class Conversation {
  #note: Note
  #first: bigint | null = null
  #flows = new Map<string, Flow>()
  #unread = new Set<number>()
  #found = 0
  #left = { datagrams: 0, segments: 0, gaps: 0, tls: 0 }

  constructor(note: Note) {
    this.#note = note
  }

  *take({ time, linkType, data }: Frame): Generator<CapturedMessage> {
    if (!isRead(linkType)) this.#unreadType(linkType)
    this.#first ??= time
    const ip = ipPacketIn(linkType, data)
    const found = ip && transportIn(ip)
    if (!found) return
    const { protocol, from, to } = found
    const since = time === null || this.#first === null ? null : Number(time - this.#first) / 1e9
    const packet = { time: since, protocol, from, to, missing: protocol === 'udp' ? found.missing : 0 }
    if (protocol === 'udp') yield* this.#datagram(found, packet)
    else yield* this.#segment(found, packet)
  }

  /** What waits for segments that never came; then says what was left out. */
  *end(): Generator<CapturedMessage> {
    for (const flow of this.#flows.values()) yield* this.#endFlow(flow)
    const { datagrams, segments, gaps, tls } = this.#left
    if (datagrams + segments > 0)
      this.#note(`left out, neither STUN nor ChannelData: ${datagrams} datagrams, ${segments} segments of TCP`)
    if (tls > 0) this.#note(`${tls} directions of TCP connections are TLS, which is not decrypted`)
    if (gaps > 0) this.#note(`segments of TCP are missing in ${gaps} places`)
    if (this.#found === 0) this.#note('no STUN and no ChannelData is in it')
  }

  *#datagram({ data, missing }: Datagram, packet: Packet): Generator<CapturedMessage> {
    if (isStun(data) || isChannelData(data, missing)) yield this.#message(data, packet)
    else if (data.length > 0) this.#left.datagrams++
  }

  *#segment(segment: Segment, packet: Packet): Generator<CapturedMessage> {
    const name = flowName(packet)
    const stream = this.#flows.get(name)?.stream ?? new TcpStream()
    this.#flows.delete(name)
    this.#flows.set(name, { stream, packet })
    for (const message of stream.take(segment)) yield this.#message(message, packet)
    const [oldest] = this.#flows
    if (!oldest || this.#flows.size <= maxFlows) return
    this.#flows.delete(oldest[0])
    yield* this.#endFlow(oldest[1])
  }

  *#endFlow({ stream, packet }: Flow): Generator<CapturedMessage> {
    for (const message of stream.end()) yield this.#message(message, packet)
    this.#left.segments += stream.left
    this.#left.gaps += stream.gaps
    this.#left.tls += Number(stream.tls)
  }

  #message(data: Buffer, packet: Packet): CapturedMessage {
    this.#found++
    return { data, packet }
  }

  #unreadType(linkType: number): void {
    if (this.#unread.has(linkType)) return
    this.#unread.add(linkType)
    this.#note(`left out: frames of link type ${linkType}; ${linkTypesRead} is read`)
  }
}

/** What is whole is told before the damage is. */
async function* fromFrames(frames: AsyncIterable<Frame>, note: Note): AsyncGenerator<CapturedMessage> {
  const conversation = new Conversation(note)
  let failure: unknown = null
  try {
    for await (const frame of frames) yield* conversation.take(frame)
  } catch (error) {
    failure = error
  }
  yield* conversation.end()
  if (failure) throw failure
}

const gzip = 0x1f8b

async function* fromHex(bytes: Bytes): AsyncGenerator<CapturedMessage> {
  const all = await bytes.peek(maxLength)
  if (all.length >= 2 && all.readUInt16BE(0) === gzip)
    throw new CaptureError('it is compressed: give what `gunzip -c` makes of it')
  if (all.some((byte) => byte < 9 || byte > 126)) throw new CaptureError('it is none of pcap, pcapng and hex digits')
  for (const [index, line] of all.toString('latin1').split(/\r?\n/).entries()) {
    const digits = line.replace(/#.*$/, '').replace(/0x|[\s:,]/g, '')
    if (digits === '') continue
    if (!/^([0-9a-f]{2})+$/i.test(digits)) throw new CaptureError(`line ${index + 1}: pairs of hex digits are wanted`)
    yield { packet: null, data: Buffer.from(digits, 'hex') }
  }
}

/** @throws CaptureError that says what was wanted; what comes before the damage was yielded by then */
export async function* readCapture(chunks: AsyncIterable<Buffer>, note: Note): AsyncGenerator<CapturedMessage> {
  const bytes = new Bytes(chunks)
  const start = await bytes.peek(4)
  if (isPcapng(start)) yield* fromFrames(fromPcapng(bytes), note)
  else if (isPcap(start)) yield* fromFrames(fromPcap(bytes), note)
  else yield* fromHex(bytes)
}

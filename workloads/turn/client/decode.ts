/** What is in STUN messages and ChannelData, for a person. */
import { addressText } from '../../kit/address/text.ts'
import { attributes, familyCodes } from '../stun/attributes.ts'
import { channelDataLength } from '../stun/channel-data.ts'
import { errorCodes } from '../stun/error-codes.ts'
import { headerLength, type Message, parseMessage } from '../stun/message.ts'
import { classes, methods } from '../stun/types.ts'
import { readXorAddress } from '../stun/xor-address.ts'
import { type CapturedMessage, type Note, readCapture } from './capture/capture.ts'
import type { Endpoint } from './capture/ip-packet.ts'

const nameIn = (table: Readonly<Record<string, number>>, value: number): string | undefined =>
  Object.entries(table).find(([, each]) => each === value)?.[0]

/** `xorMappedAddress` → `XOR-MAPPED-ADDRESS`. */
const rfcName = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase()

const hex = (value: Buffer): string =>
  value.length > 32 ? `${value.toString('hex', 0, 32)}… (${value.length} bytes)` : value.toString('hex')

const endpoint = ({ address, port }: Endpoint): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

const xor = (value: Buffer, { transactionId }: Message): string => {
  const address = readXorAddress(value, transactionId)
  return address ? endpoint(address) : `malformed ${hex(value)}`
}

/** Of other software; told as it is. */
const further = {
  software: 0x8022,
  mappedAddress: 0x0001,
  priority: 0x0024,
  useCandidate: 0x0025,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
}
const text = (value: Buffer): string => JSON.stringify(value.toString())
const families: Readonly<Record<number, string>> = { [familyCodes[4]]: 'IPv4', [familyCodes[6]]: 'IPv6' }
const family = (value: Buffer): string => families[value[0] ?? 0] ?? hex(value)

/** An address that is not XORed (RFC 8489 §14.1). */
const plain = (value: Buffer): string =>
  value.length === 8 || value.length === 20
    ? endpoint({ address: addressText(value.subarray(4)), port: value.readUInt16BE(2) })
    : `malformed ${hex(value)}`

const seconds = (value: Buffer): string => (value.length === 4 ? `${value.readUInt32BE()} s` : hex(value))

const shown: Readonly<Record<number, (value: Buffer, message: Message) => string>> = {
  [attributes.username]: text,
  [attributes.realm]: text,
  [attributes.nonce]: text,
  [further.software]: text,
  [attributes.lifetime]: seconds,
  [attributes.xorMappedAddress]: xor,
  [attributes.xorRelayedAddress]: xor,
  [attributes.xorPeerAddress]: xor,
  [attributes.alternateServer]: plain,
  [further.mappedAddress]: plain,
  [attributes.requestedAddressFamily]: family,
  [attributes.additionalAddressFamily]: family,
  [attributes.evenPort]: (value) => ((value[0] ?? 0) & 0x80 ? 'and the next one' : ''),
  [attributes.channelNumber]: (value) => `0x${value.subarray(0, 2).toString('hex')}`,
  [attributes.requestedTransport]: (value) => (value[0] === 17 ? 'UDP' : `protocol ${value[0]}`),
  [attributes.errorCode]: (value) => {
    const code = (value[2]! & 7) * 100 + value[3]!
    return `${code} ${nameIn(errorCodes, code) ?? ''} ${value.toString('utf8', 4)}`.trim()
  },
}

/** Attributes as they lie in the message, repeated ones and those after MESSAGE-INTEGRITY too. */
function* attributeLines(message: Message): Generator<string> {
  const { bytes } = message
  for (let at = headerLength; at + 4 <= bytes.length; ) {
    const type = bytes.readUInt16BE(at)
    const value = bytes.subarray(at + 4, at + 4 + bytes.readUInt16BE(at + 2))
    const known = nameIn(attributes, type) ?? nameIn(further, type)
    const name = known ? rfcName(known) : `0x${type.toString(16).padStart(4, '0')}`
    yield `    ${name}: ${value.length >= 1 || shown[type] ? (shown[type]?.(value, message) ?? hex(value)) : ''}`.trimEnd()
    at += 4 + ((value.length + 3) & ~3)
  }
}

const classNames = { request: 'request', indication: 'indication', success: 'success', error: 'error' }

function* messageLines(bytes: Buffer): Generator<string> {
  const message = parseMessage(bytes)
  if (typeof message === 'string') {
    yield `STUN that cannot be read: ${message}`
    return
  }
  const method = nameIn(methods, message.method) ?? `method 0x${message.method.toString(16)}`
  const kind = classNames[nameIn(classes, message.class) as keyof typeof classNames]
  yield `${method} ${kind}, transaction ${message.transactionId.toString('hex')}`
  yield* attributeLines(message)
}

/** What one message says, the first line at the margin; `missing` bytes of it are not in the capture. */
function* messageText(bytes: Buffer, missing: number): Generator<string> {
  const first = bytes[0] ?? 0xff
  const length = channelDataLength(bytes)
  if (missing > 0) yield `${first < 0x40 ? 'STUN' : 'ChannelData'} of which ${missing} bytes are not in the capture`
  else if (first < 0x40) yield* messageLines(bytes)
  else if (first < 0x80 && length >= 0)
    yield `ChannelData on 0x${bytes.toString('hex', 0, 2)}: ${hex(bytes.subarray(4, 4 + length))}`
  else yield `neither STUN nor ChannelData: ${hex(bytes)}`
}

const place = ({ packet }: CapturedMessage): string =>
  packet
    ? `${packet.time?.toFixed(6) ?? '-'} ${packet.protocol} ${endpoint(packet.from)} → ${endpoint(packet.to)} `
    : ''

/** Lines for all that a capture holds, as it comes. @throws CaptureError for a file of another kind or a damaged one */
export async function* decodeCapture(chunks: AsyncIterable<Buffer>, note: Note): AsyncGenerator<string> {
  for await (const message of readCapture(chunks, note)) {
    const [first, ...rest] = messageText(message.data, message.packet?.missing ?? 0)
    yield `${place(message)}${first}`
    yield* rest
  }
}

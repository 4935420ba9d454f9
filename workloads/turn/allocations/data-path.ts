/**
 * The data path: relays datagrams between a client and the peers that it let in (RFC 8656 §11, §12). Four calls change
 * it (`openRelay`, `permit`, `bindChannel`, `closeRelay`), so that something faster can do the relaying behind them.
 */
import type { Family } from '../address/text.ts'
import { addressBytes } from '../address/text.ts'
import { type PortRange, portAllowed } from '../peers/policy.ts'
import { buildChannelData, channelDataLength, channelHeaderLength } from '../stun/channel-data.ts'
import { buildDataIndication, maxIndicationData } from '../stun/data-indication.ts'
import {
  type Allocation,
  type Channel,
  channelLifetime,
  type OpenRelaySocket,
  type Permission,
  permissionLifetime,
  type Relay,
} from './allocation.ts'
import type { DropReason, Observer, Traffic } from './observer.ts'
import { RelayPorts } from './relay-ports.ts'
import type { TransactionIds } from './transaction-ids.ts'

export type DataPathOptions = {
  ports: PortRange
  openSocket: OpenRelaySocket
  random: (below: number) => number
  transactionIds: TransactionIds
  observer: Observer
  traffic: Traffic
  /** Monotonic milliseconds. */
  now: () => number
}

export class DataPath {
  #options: DataPathOptions
  #ports: RelayPorts

  constructor(options: DataPathOptions) {
    this.#options = options
    this.#ports = new RelayPorts({
      range: options.ports,
      openSocket: options.openSocket,
      random: options.random,
      fromPeer: (relay, allocation, data, address, port) => {
        const reason = this.#fromPeer(relay, allocation, data, address, port)
        if (reason) options.observer.dropped(reason)
      },
    })
  }

  /** Relays that hold a port, reserved ones too. */
  get openRelays(): number {
    return this.#ports.size
  }

  /** A relay, or an even port and the one above it; null when no port is free. */
  openRelay(family: Family, { count, even }: { count: 1 | 2; even: boolean }): Relay[] | null {
    return this.#ports.open(family, { count, even })
  }

  /** Frees the port at once, with every permission and channel that used it. */
  closeRelay(relay: Relay): void {
    const { allocation } = relay
    this.#ports.close(relay)
    if (!allocation) return
    allocation.relays = allocation.relays.filter((other) => other !== relay)
    for (const permission of allocation.permissions.values()) {
      if (permission.relay !== relay) continue
      for (const channel of permission.channels.values()) allocation.channels.delete(channel.number)
      allocation.permissions.delete(permission.address)
    }
  }

  /** Lets a peer's address through for five minutes from now. */
  permit(allocation: Allocation, relay: Relay, address: string, ports: PortRange): Permission {
    const expiresAt = this.#options.now() + permissionLifetime
    const known = allocation.permissions.get(address)
    if (known) {
      known.expiresAt = expiresAt
      return known
    }
    const permission = { relay, address, bytes: addressBytes(address), ports, expiresAt, channels: new Map() }
    allocation.permissions.set(address, permission)
    return permission
  }

  /** Binds a channel for ten minutes from now, or refreshes it. The pair must not conflict with another binding. */
  bindChannel(allocation: Allocation, number: number, permission: Permission, port: number): void {
    const expiresAt = this.#options.now() + channelLifetime
    const known = allocation.channels.get(number)
    if (known) {
      known.expiresAt = expiresAt
      return
    }
    const channel: Channel = { number, permission, port, expiresAt }
    allocation.channels.set(number, channel)
    permission.channels.set(port, channel)
  }

  /** Relays ChannelData of the client, or says why not. */
  fromClient(allocation: Allocation, bytes: Buffer): DropReason | null {
    const length = channelDataLength(bytes)
    const channel = allocation.channels.get((bytes[0]! << 8) | bytes[1]!)
    if (length < 0 || !channel || channel.expiresAt <= this.#options.now()) return 'channel-data'
    const data = bytes.subarray(channelHeaderLength, channelHeaderLength + length)
    return this.toPeer(allocation, channel.permission, channel.port, data)
  }

  /** Sends one datagram to a peer if its permission still stands, or says why not. */
  toPeer(allocation: Allocation, permission: Permission, port: number, data: Buffer): DropReason | null {
    const { traffic, now } = this.#options
    const time = now()
    if (permission.expiresAt <= time) return 'no-permission'
    if (!portAllowed(permission.ports, port)) return 'peer-port'
    if (allocation.bandwidth && !allocation.bandwidth.toPeers.take(data.length, time)) return 'bandwidth'
    traffic.packetsToPeers++
    traffic.bytesToPeers += data.length
    permission.relay.socket.send(data, port, permission.address)
    return null
  }

  /** What a peer sent is data, whatever it looks like. */
  #fromPeer(relay: Relay, allocation: Allocation, data: Buffer, address: string, port: number): DropReason | null {
    const { traffic, now } = this.#options
    const time = now()
    const permission = allocation.permissions.get(address)
    if (!permission || permission.relay !== relay || permission.expiresAt <= time) return 'no-permission'
    if (data.length > maxIndicationData) return 'oversized'
    if (allocation.bandwidth && !allocation.bandwidth.toClient.take(data.length, time)) return 'bandwidth'
    traffic.packetsToClients++
    traffic.bytesToClients += data.length
    const { transport } = allocation.side
    transport.send(
      this.#framed(allocation, permission, port, data, time),
      allocation.client.port,
      allocation.client.address,
    )
    return null
  }

  #framed(allocation: Allocation, permission: Permission, port: number, data: Buffer, time: number): Buffer {
    const channel = permission.channels.get(port)
    return channel && channel.expiresAt > time
      ? buildChannelData(channel.number, data, allocation.side.transport.stream)
      : buildDataIndication(this.#options.transactionIds.next(), permission.bytes, port, data)
  }
}

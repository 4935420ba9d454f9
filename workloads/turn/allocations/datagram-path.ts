/** The data path through this process: a datagram in, a datagram out. */
import type { Family } from '../../kit/address/text.ts'
import { addressBytes } from '../../kit/address/text.ts'
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
import type { Bandwidth } from './bandwidth.ts'
import type { DataPath } from './data-path.ts'
import type { DropReason, Observer, Traffic } from './observer.ts'
import { type PortShare, RelayPorts } from './relay-ports.ts'
import type { TransactionIds } from './transaction-ids.ts'

export type DatagramPathOptions = {
  ports: PortRange
  share: PortShare
  openSocket: OpenRelaySocket
  random: (below: number) => number
  /** The relay's address as clients are told it. */
  told: Readonly<Record<Family, string | null>>
  /** The local address of the relay where it is another one, behind 1:1 NAT; null where it is not. */
  behind: Readonly<Record<Family, string | null>>
  /** Of all allocations together, where that is limited. */
  bandwidth: Bandwidth | null
  transactionIds: TransactionIds
  observer: Observer
  traffic: Traffic
  /** Monotonic milliseconds. */
  now: () => number
}

export class DatagramPath implements DataPath {
  #options: DatagramPathOptions
  #ports: RelayPorts

  constructor(options: DatagramPathOptions) {
    this.#options = options
    this.#ports = new RelayPorts({
      range: options.ports,
      share: options.share,
      openSocket: options.openSocket,
      random: options.random,
      fromPeer: (relay, allocation, data, address, port) => {
        const reason = this.#fromPeer(relay, allocation, data, this.#known(relay.family, address), port)
        if (reason) options.observer.dropped(reason)
      },
    })
  }

  get openRelays(): number {
    return this.#ports.size
  }

  openRelay(family: Family, { count, even }: { count: 1 | 2; even: boolean }): Relay[] | null {
    return this.#ports.open(family, { count, even })
  }

  closeRelay(relay: Relay): void {
    const { allocation } = relay
    this.#ports.close(relay)
    if (!allocation) return
    allocation.relays = allocation.relays.filter((other) => other !== relay)
    for (const permission of allocation.permissions.values())
      if (permission.relay === relay) this.restrict(allocation, permission, null)
  }

  permit(allocation: Allocation, relay: Relay, address: string, ports: PortRange): Permission {
    const expiresAt = this.#options.now() + permissionLifetime
    const known = allocation.permissions.get(address)
    if (known) {
      known.expiresAt = expiresAt
      return known
    }
    const ownAddress = address === this.#options.told[relay.family]
    const bytes = addressBytes(address)
    const permission = { relay, address, bytes, ports, expiresAt, ownAddress, channels: new Map() }
    allocation.permissions.set(address, permission)
    return permission
  }

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

  restrict(allocation: Allocation, permission: Permission, ports: PortRange | null): void {
    for (const channel of permission.channels.values()) {
      if (ports && portAllowed(ports, channel.port)) continue
      allocation.channels.delete(channel.number)
      permission.channels.delete(channel.port)
    }
    if (ports) permission.ports = ports
    else allocation.permissions.delete(permission.address)
  }

  fromClient(allocation: Allocation, bytes: Buffer): DropReason | null {
    const length = channelDataLength(bytes)
    const channel = allocation.channels.get((bytes[0]! << 8) | bytes[1]!)
    if (length < 0 || !channel || channel.expiresAt <= this.#options.now()) return 'channel-data'
    const data = bytes.subarray(channelHeaderLength, channelHeaderLength + length)
    return this.toPeer(allocation, channel.permission, channel.port, data)
  }

  toPeer(allocation: Allocation, permission: Permission, port: number, data: Buffer): DropReason | null {
    const { traffic, now } = this.#options
    const time = now()
    if (permission.expiresAt <= time) return 'no-permission'
    if (!portAllowed(permission.ports, port)) return 'peer-port'
    if (!this.#withinBandwidth(allocation, 'toPeers', data.length, time)) return 'bandwidth'
    traffic.packetsToPeers++
    traffic.bytesToPeers += data.length
    const own = permission.ownAddress ? this.#ports.at(permission.relay.family, port) : undefined
    if (own?.allocation) return this.#fromPeer(own, own.allocation, data, permission.address, permission.relay.port)
    permission.relay.socket.send(data, port, this.#reachable(permission))
    return null
  }

  /** A relay of another process of this machine is reached at its local address, since the network brings nothing back. */
  #reachable({ relay, address, ownAddress }: Permission): string {
    return ownAddress ? (this.#options.behind[relay.family] ?? address) : address
  }

  /** And what it sends comes from there, while clients know it by the public address. */
  #known(family: Family, address: string): string {
    const { behind, told } = this.#options
    return address === behind[family] ? told[family]! : address
  }

  /**
   * What a peer sent is data, whatever it looks like. Another allocation of this server is a peer too: `toPeer` comes here
   * directly then, because behind 1:1 NAT the network rarely brings back what is sent to the own public address.
   */
  #fromPeer(relay: Relay, allocation: Allocation, data: Buffer, address: string, port: number): DropReason | null {
    const { traffic, now } = this.#options
    const time = now()
    const permission = allocation.permissions.get(address)
    if (!permission || permission.relay !== relay || permission.expiresAt <= time) return 'no-permission'
    if (data.length > maxIndicationData) return 'oversized'
    if (!this.#withinBandwidth(allocation, 'toClient', data.length, time)) return 'bandwidth'
    const { transport } = allocation.side
    const framed = this.#framed(allocation, permission, port, data, time)
    if (!transport.send(framed, allocation.client.port, allocation.client.address)) return 'queue'
    traffic.packetsToClients++
    traffic.bytesToClients += data.length
    return null
  }

  #withinBandwidth(allocation: Allocation, direction: keyof Bandwidth, bytes: number, time: number): boolean {
    const { bandwidth } = this.#options
    if (allocation.bandwidth && !allocation.bandwidth[direction].take(bytes, time)) return false
    return !bandwidth || bandwidth[direction].take(bytes, time)
  }

  #framed(allocation: Allocation, permission: Permission, port: number, data: Buffer, time: number): Buffer {
    const channel = permission.channels.get(port)
    return channel && channel.expiresAt > time
      ? buildChannelData(channel.number, data, allocation.side.transport.stream)
      : buildDataIndication(this.#options.transactionIds.next(), permission.bytes, port, data)
  }
}

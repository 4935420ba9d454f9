/** Every live allocation: made, found by expiry, removed with everything that it held. */
import type { Allocation } from './allocation.ts'
import type { DataPath } from './data-path.ts'
import type { Observer } from './observer.ts'
import type { Holder, QuotaTable } from './quotas.ts'

const holderOf = ({ identity, source }: Allocation): Holder => ({ username: identity.username, source })

export class Registry {
  #allocations = new Set<Allocation>()
  #dataPath: DataPath
  #quotas: QuotaTable
  #observer: Observer
  #onEmpty: (() => void) | undefined

  constructor(dataPath: DataPath, quotas: QuotaTable, observer: Observer) {
    this.#dataPath = dataPath
    this.#quotas = quotas
    this.#observer = observer
  }

  get size(): number {
    return this.#allocations.size
  }

  [Symbol.iterator](): Iterator<Allocation> {
    return this.#allocations.values()
  }

  /** Calls `listener` whenever the last allocation goes. */
  onEmpty(listener: () => void): void {
    this.#onEmpty = listener
  }

  add(allocation: Allocation): void {
    this.#allocations.add(allocation)
    this.#quotas.take(holderOf(allocation))
    allocation.side.add(allocation)
    for (const relay of allocation.relays) relay.allocation = allocation
    this.#observer.began(allocation)
  }

  /** Frees ports, quota and the 5-tuple. Doing it twice does nothing. */
  remove(allocation: Allocation): void {
    if (!this.#allocations.delete(allocation)) return
    this.#observer.ended(allocation)
    this.#quotas.giveBack(holderOf(allocation))
    allocation.side.remove(allocation)
    for (const relay of allocation.relays) this.#dataPath.closeRelay(relay)
    if (this.#allocations.size === 0) this.#onEmpty?.()
  }

  removeAll(): void {
    for (const allocation of this.#allocations) this.remove(allocation)
  }

  /** Removes the allocations of these keys. */
  removeOf(keyIds: readonly string[]): void {
    for (const allocation of this.#allocations) if (keyIds.includes(allocation.identity.keyId)) this.remove(allocation)
  }

  /** Removes what has expired; a pass over all, once a second. */
  sweep(now: number): void {
    for (const allocation of this.#allocations) {
      if (allocation.expiresAt <= now) this.remove(allocation)
      else sweepPeers(allocation, now)
    }
  }

  counts(): { permissions: number; channels: number } {
    let permissions = 0
    let channels = 0
    for (const allocation of this.#allocations) {
      permissions += allocation.permissions.size
      channels += allocation.channels.size
    }
    return { permissions, channels }
  }

  /** Key id → allocations that were made with it. */
  byKey(): Record<string, number> {
    const counts = new Map<string, number>()
    for (const { identity } of this.#allocations) counts.set(identity.keyId, (counts.get(identity.keyId) ?? 0) + 1)
    return Object.fromEntries(counts)
  }
}

/**
 * Removes what has expired in one allocation. A permission outlives its time for as long as a channel hangs on it; it
 * lets nothing through then.
 */
export const sweepPeers = (allocation: Allocation, now: number): void => {
  for (const channel of allocation.channels.values()) {
    if (channel.expiresAt > now) continue
    allocation.channels.delete(channel.number)
    channel.permission.channels.delete(channel.port)
  }
  for (const permission of allocation.permissions.values())
    if (permission.expiresAt <= now && permission.channels.size === 0) allocation.permissions.delete(permission.address)
}

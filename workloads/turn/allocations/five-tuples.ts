/**
 * The clients' end of one listener: how to answer them, and the table of 5-tuples. The listener itself is the other half
 * of each tuple. Two nested maps, so that a packet is looked up without building a string.
 */
import type { Allocation, ClientSide, ClientTransport } from './allocation.ts'

export class FiveTuples implements ClientSide {
  readonly transport: ClientTransport
  #allocations = new Map<string, Map<number, Allocation>>()

  constructor(transport: ClientTransport) {
    this.transport = transport
  }

  find(address: string, port: number): Allocation | undefined {
    return this.#allocations.get(address)?.get(port)
  }

  add(allocation: Allocation): void {
    const { address, port } = allocation.client
    const ports = this.#allocations.get(address) ?? new Map<number, Allocation>()
    ports.set(port, allocation)
    this.#allocations.set(address, ports)
  }

  /** Forgets this allocation; a newer one of the same client stays. */
  remove(allocation: Allocation): void {
    const { address, port } = allocation.client
    const ports = this.#allocations.get(address)
    if (ports?.get(port) !== allocation) return
    ports.delete(port)
    if (ports.size === 0) this.#allocations.delete(address)
  }
}

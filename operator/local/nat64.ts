/**
 * The NAT64 prefixes of the network that this machine is in, for the relay: asked of its DNS at the start and now and then,
 * because a machine may be carried elsewhere.
 */
import { isDeepStrictEqual } from 'node:util'
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { allNat64, discoverNat64 } from '../nat64/discovery.ts'
import type { Resolve } from '../reconcile/lookups.ts'
import type { Facts } from '../render/facts.ts'

const againMs = 600_000

/** The server whose relay is told. */
export type Nat64Home = {
  server: ChatmailServer
  /** `turnPeers.nat64` is kept here. */
  facts: Facts
  resolve: Resolve
}

/**
 * Resolves when the first answer is among the facts; `tell` brings a later one to the relay. A network whose DNS tells of
 * none, or does not answer, may be the same one: what was found before stays. A relay without IPv6 reaches nobody through a
 * translator, so for that one nothing is asked. Nothing is done after `ended`.
 */
export const followNat64 = async (
  { server, facts, resolve }: Nat64Home,
  tell: () => Promise<void>,
  ended: AbortSignal,
): Promise<void> => {
  if (!server.spec.turn.enabled || facts.turnNodes.every(({ ipv6 }) => ipv6 === null)) return
  const look = async (): Promise<boolean> => {
    const found = await discoverNat64(resolve)
    const nat64 = allNat64(server.spec.turn.peers.nat64, found)
    if (!found.length || isDeepStrictEqual(nat64, facts.turnPeers.nat64)) return false
    facts.turnPeers = { ...facts.turnPeers, nat64 }
    return true
  }
  await look()
  const again = setInterval(async () => {
    if ((await look()) && !ended.aborted) await tell()
  }, againMs)
  again.unref()
  ended.addEventListener('abort', () => clearInterval(again), { once: true })
}

/** A client and the relay behind this server, joined until one of them ends. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream'

/** Where a relay listens for servers in front of it. */
export type RelayBehind = { host: string; port: number }

/** The relay is near: it answers at once or is not there. */
export const relayTimeoutMs = 5000

/** @throws what the system says, or AbortError when nothing answers in time */
export const connectRelay = async (target: RelayBehind): Promise<Socket> => {
  const relay = connect({ ...target, noDelay: true })
  try {
    await once(relay, 'connect', { signal: AbortSignal.timeout(relayTimeoutMs) })
    return relay
  } catch (error) {
    relay.destroy()
    throw error
  }
}

/** `head` goes to the relay before what the client sends. Whatever happens there ends the client's connection and nothing else. */
export const join = (client: Socket, relay: Socket, head: Buffer): void => {
  relay.write(head)
  // An error of either ends both, and is nobody else's.
  pipeline(client, relay, () => client.destroy())
  pipeline(relay, client, () => relay.destroy())
}

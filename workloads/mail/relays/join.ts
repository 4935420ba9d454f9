/** A client and the relay behind this server, joined until one of them ends. */
import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream'

/** Where a relay listens for servers in front of it. */
export type RelayBehind = { host: string; port: number }

/** The relay is near: it answers at once or is not there. */
export const relayTimeoutMs = 5000

/** `head` goes to the relay before what the client sends. Whatever happens there ends the client's connection and nothing else. */
export const joinRelay = (client: Socket, target: RelayBehind, head: Buffer): void => {
  const relay = connect(target)
  relay.setNoDelay(true).setTimeout(relayTimeoutMs, () => relay.destroy())
  relay.once('connect', () => relay.setTimeout(0))
  relay.write(head)
  // An error of either ends both, and is nobody else's.
  pipeline(client, relay, () => client.destroy())
  pipeline(relay, client, () => relay.destroy())
}

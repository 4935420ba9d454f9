/** The addresses of a server as coturn needs them: found out before it starts, and free. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { type TurnConfig, thisMachine } from '../../contract/turn-config.ts'
import { ListenError, listen } from '../../kit/lifecycle/listen.ts'
import { type ServerAddresses, serverAddresses } from '../address/machine.ts'
import { bindUdp } from '../relay/udp-listener.ts'

/** coturn maps a public address to the bound one, which a wildcard is not. @throws StartError */
export const coturnAddresses = (
  config: TurnConfig,
  interfaces: Parameters<typeof serverAddresses>[1],
): ServerAddresses => {
  const { relay } = serverAddresses(config, interfaces)
  const named = {
    ipv4: relay[4] === '0.0.0.0' ? thisMachine : config.relay.ipv4,
    ipv6: relay[6] === '::' ? thisMachine : config.relay.ipv6,
  }
  return serverAddresses({ ...config, relay: { ...config.relay, ...named } }, interfaces)
}

const tryTcp = async (address: string, port: number): Promise<void> => {
  const server = createServer()
  await listen(server, 'turn', port, address)
  server.close()
  await once(server, 'close')
}

const tryUdp = async (address: string, port: number): Promise<boolean> => {
  const socket = await bindUdp(address, port)
  if (!socket) return false
  socket.close()
  await once(socket, 'close')
  return true
}

/**
 * Those of `addresses` that this machine has. coturn shares its ports with whoever of the same user wants them too
 * (SO_REUSEPORT), and keeps what it cannot bind to itself, so that it is tried before. @throws ListenError
 */
export const listenable = async (addresses: readonly string[], { listen }: TurnConfig): Promise<string[]> => {
  const found: string[] = []
  for (const address of addresses) {
    if (!(await tryUdp(address, listen.port))) continue
    for (const port of [...(listen.tcp ? [listen.port] : []), ...listen.tcpPorts]) await tryTcp(address, port)
    found.push(address)
  }
  if (found.length === 0) throw new ListenError('no address to listen on for turn: this machine has no IPv6')
  return found
}

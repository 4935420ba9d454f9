/** An API server with nodes and played pods, which say at their management port what they have loaded. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OperatorBed } from '../../support/operator/bed.ts'

/** Every address of 127.0.0.0/8 is this machine, so that each pod can have its own. */
const podIP = (number: number): string => `127.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`

export type Site = { bed: OperatorBed; managementPort: number; stop: () => Promise<void> }

const managementServer = async (bed: OperatorBed): Promise<Server> => {
  const server = createServer((request, response) => {
    bed.kubelet.readState(request.socket.localAddress ?? '', 0, '').then(
      (state) => response.writeHead(state ? 200 : 404).end(JSON.stringify(state)),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  return server
}

export const startSite = async (): Promise<Site> => {
  const bed = await OperatorBed.start({ podIP })
  const server = await managementServer(bed)
  return {
    bed,
    managementPort: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await bed.stop()
    },
  }
}

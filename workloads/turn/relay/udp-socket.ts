/**
 * UDP sockets for known IP addresses only. Node resolves the address of every datagram, by default through the threads
 * of `dns.lookup`; here addresses are never names, so that the lookup is a call that returns at once.
 */
import { createSocket, type Socket } from 'node:dgram'
import type { Family } from '../../kit/address/text.ts'

/** Capped by net.core.rmem_max; a burst of media waits here while the process is busy. */
const receiveBuffer = 4 * 1024 * 1024

/** An unbound socket of one family; an IPv6 socket never serves IPv4. `reusePort`: others of this process bind it too. */
export const createUdpSocket = (family: Family, reusePort = false): Socket =>
  createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    reusePort,
    recvBufferSize: receiveBuffer,
    lookup: (address, _options, callback) => callback(null, address, family),
  })

/** Sends without waiting: UDP may lose it, and an error of the network is no more than a loss. */
export const sendDatagram = (socket: Socket, data: Buffer, port: number, address: string): void =>
  socket.send(data, 0, data.length, port, address)

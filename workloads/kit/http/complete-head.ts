/**
 * Reads the head of a connection's first request before Node's HTTP parser does, and adds what one client leaves out: Iroh
 * 0.35 asks for its upgrade without `Connection: upgrade` (RFC 9110 §7.8 wants it), and Node then takes the request for an
 * ordinary one.
 */
import type { Socket } from 'node:net'

/** A longer head goes on as it is: the parser refuses it. */
const maxHeadBytes = 16 * 1024

const endOfHead = '\r\n\r\n'

/** `head` with `Connection: upgrade` where it has an Upgrade and no Connection. It may hold more than the head. */
export const completed = (head: Buffer): Buffer => {
  const end = head.indexOf(endOfHead)
  if (end < 0) return head
  const text = head.toString('latin1', 0, end)
  if (!/\r\nupgrade:/i.test(text) || /\r\nconnection:/i.test(text)) return head
  return Buffer.concat([head.subarray(0, end), Buffer.from('\r\nconnection: upgrade'), head.subarray(end)])
}

/** A method starts with a capital letter. What does not, as a TLS handshake, is refused by the parser without waiting. */
const mayBeRequest = ([first]: Buffer): boolean => first !== undefined && first >= 0x41 && first <= 0x5a

/** Calls `ready`, which must give `socket` a reader, once the head is there; that reader gets it first. */
export const readHead = (socket: Socket, ready: () => void): void => {
  let head: Buffer = Buffer.alloc(0)
  const take = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    if (mayBeRequest(head) && !head.includes(endOfHead) && head.length < maxHeadBytes) return
    socket.off('data', take).pause()
    socket.unshift(completed(head))
    ready()
    socket.resume()
  }
  socket.on('data', take)
}

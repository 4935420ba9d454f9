/**
 * Passes clients of the Iroh relay on to it: they share the HTTPS port with the page. The relay learns who is behind from
 * X-Forwarded-For. Whatever happens there ends the client's connection and nothing else.
 */
import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { pathOf, probePaths, relayPaths } from '../../../contract/iroh-paths.ts'
import { connectRelay, join, type RelayBehind, relayTimeoutMs } from '../../relays/join.ts'

const forwarded = 'x-forwarded-for'

/** Headers that a client may have made up, or that speak of this connection alone. */
const dropped = new Set([forwarded, 'transfer-encoding', 'content-length'])

const addressOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? ''

/** The head as it came, with the client's address; Node has checked it, so no value holds a line break. */
const headOf = (request: IncomingMessage): string => {
  const lines = [`GET ${request.url} HTTP/1.1`]
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at]!
    if (!dropped.has(name.toLowerCase())) lines.push(`${name}: ${request.rawHeaders[at + 1]}`)
  }
  return `${[...lines, `${forwarded}: ${addressOf(request)}`].join('\r\n')}\r\n\r\n`
}

/** Whether the relay is to judge the request. */
export const isUpgrade = ({ method, url }: IncomingMessage): boolean => method === 'GET' && relayPaths.has(pathOf(url))

/** Joins a client that asks for an upgrade with the relay until one of them ends. `head` is what came after the request. */
export const passUpgrade = (request: IncomingMessage, client: Socket, head: Buffer, target: RelayBehind): void => {
  client.on('error', () => undefined)
  connectRelay(target).then(
    (relay) => join(client, relay, Buffer.concat([Buffer.from(headOf(request), 'latin1'), head])),
    () => client.destroy(),
  )
}

/** Answers `/ping` and `/generate_204` as the relay does, `/relay` without an upgrade too; other requests go to `next`. */
export const passProbes =
  (target: RelayBehind, next: RequestListener): RequestListener =>
  (request, response) => {
    const path = pathOf(request.url)
    if (request.method !== 'GET' || !(probePaths.has(path) || relayPaths.has(path))) return next(request, response)
    const headers = { ...request.headers, [forwarded]: addressOf(request), connection: 'close' }
    for (const name of ['upgrade', 'transfer-encoding', 'content-length']) delete headers[name as keyof typeof headers]
    const failed = (): void => {
      if (response.headersSent) response.destroy()
      else response.writeHead(502, { 'content-type': 'text/plain' }).end('the relay does not answer\n')
    }
    const asked = httpRequest({ ...target, path, headers, agent: false, timeout: relayTimeoutMs }, (answer) => {
      const { connection: _, 'keep-alive': __, ...answered } = answer.headers
      response.writeHead(answer.statusCode ?? 502, answered)
      pipeline(answer, response, () => undefined)
    })
    asked.on('timeout', () => asked.destroy()).on('error', failed)
    asked.end()
    request.resume()
  }

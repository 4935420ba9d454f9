/** Serves the page for a call between two tabs, on loopback alone: it hands out a credential to whoever opens it. */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

export type IceServer = { urls: string[]; username: string; credential: string }
export type Page = { url: string; close: () => void }

const files: Record<string, { name: string; type: string }> = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/page.js': { name: 'page.js', type: 'text/javascript; charset=utf-8' },
}

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; style-src 'self' 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
}

const send = (response: ServerResponse, status: number, type: string, body: string | Buffer): void => {
  response.writeHead(status, { ...headers, 'content-type': type }).end(body)
}

/** Another site that a browser has open may not ask, by whatever name it reaches this port. */
const fromHere = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost):\d+$/.test(host ?? '')

/** The files lie beside this one in a checkout; the image's bundle leaves them out. */
const readFiles = (): Map<string, Buffer> =>
  new Map(Object.values(files).map(({ name }) => [name, readFileSync(join(import.meta.dirname, name))]))

/** `iceServer` is asked anew for each call. @throws Error when the port cannot be had, or the files of the page */
export const servePage = async ({ port, iceServer }: { port: number; iceServer: () => IceServer }): Promise<Page> => {
  const contents = readFiles()
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]!
    if (!fromHere(request.headers.host)) return send(response, 403, 'text/plain', 'this page is for this machine\n')
    if (path === '/ice-server') return send(response, 200, 'application/json', JSON.stringify(iceServer()))
    const file = Object.hasOwn(files, path) ? files[path] : undefined
    if (!file) return send(response, 404, 'text/plain', 'nothing here\n')
    return send(response, 200, file.type, contents.get(file.name)!)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

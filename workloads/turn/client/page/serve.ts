/** Serves the page for a call between two tabs, on loopback alone: it hands out a credential to whoever opens it. */
import { readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type IceServer = { urls: string[]; username: string; credential: string }
export type Page = { url: string; close: () => void }

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  script: 'text/javascript; charset=utf-8',
}

/** By the path that they are asked for. The image's bundle finds the files by these words and takes them along. */
const files: Record<string, { file: URL; type: string }> = {
  '/': { file: new URL('./index.html', import.meta.url), type: types.html },
  '/style.css': { file: new URL('./style.css', import.meta.url), type: types.css },
  '/page.js': { file: new URL('./page.js', import.meta.url), type: types.script },
  '/call.js': { file: new URL('./call.js', import.meta.url), type: types.script },
  '/graph.js': { file: new URL('./graph.js', import.meta.url), type: types.script },
  '/media.js': { file: new URL('./media.js', import.meta.url), type: types.script },
  '/state.js': { file: new URL('./state.js', import.meta.url), type: types.script },
  '/problems.js': { file: new URL('./problems.js', import.meta.url), type: types.script },
}

const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'self'; img-src data:",
  'x-content-type-options': 'nosniff',
}

const send = (response: ServerResponse, status: number, type: string, body: string | Buffer): void => {
  response.writeHead(status, { ...headers, 'content-type': type }).end(body)
}

/** Another site that a browser has open may not ask, by whatever name it reaches this port. */
const fromHere = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost):\d+$/.test(host ?? '')

type Content = { type: string; body: Buffer }

const readFiles = (): Map<string, Content> =>
  new Map(Object.entries(files).map(([path, { file, type }]) => [path, { type, body: readFileSync(file) }]))

/** `iceServer` is asked anew for each call. @throws Error when the port cannot be had, or the files of the page */
export const servePage = async ({ port, iceServer }: { port: number; iceServer: () => IceServer }): Promise<Page> => {
  const contents = readFiles()
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]!
    if (!fromHere(request.headers.host)) return send(response, 403, 'text/plain', 'this page is for this machine\n')
    if (path === '/ice-server') return send(response, 200, 'application/json', JSON.stringify(iceServer()))
    const content = contents.get(path)
    if (!content) return send(response, 404, 'text/plain', 'nothing here\n')
    return send(response, 200, content.type, content.body)
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

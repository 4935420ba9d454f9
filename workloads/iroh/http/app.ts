/** The plain routes, which clients use to find out whether and how fast a relay answers. */
import express, { type Express, type RequestHandler } from 'express'

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Iroh relay</title></head>
<body><h1>Iroh relay</h1><p>A relay for <a href="https://iroh.computer">Iroh</a>, which real-time apps in chats use.</p></body></html>
`

/** What `V` of a challenge may be. */
const challengeForm = /^[A-Za-z0-9._-]{1,63}$/

/** Request header → answer header; one client has the older name. */
const challenges = [
  ['x-tailscale-challenge', 'x-tailscale-response'],
  ['x-iroh-challenge', 'x-iroh-response'],
] as const

/** Shows a client that no captive portal answered in our place. */
const generate204: RequestHandler = (request, response) => {
  for (const [asked, answered] of challenges) {
    const value = request.headers[asked]
    if (typeof value === 'string' && challengeForm.test(value)) response.set(answered, `response ${value}`)
  }
  response.status(204).end()
}

const headers: RequestHandler = (_request, response, next) => {
  response.set({
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    'x-content-type-options': 'nosniff',
  })
  next()
}

const notFound: RequestHandler = (_request, response) => {
  response.status(404).type('text').send('Not Found')
}

export type AppOptions = {
  /** Told of each request that nothing here answers. */
  refused: () => void
}

export const createApp = ({ refused }: AppOptions): Express =>
  express()
    .disable('x-powered-by')
    .disable('etag')
    .set('query parser', false)
    .use(headers)
    .get(['/', '/index.html'], (_request, response) => void response.type('html').send(page))
    .get('/ping', (_request, response) => void response.set('access-control-allow-origin', '*').status(200).end())
    .get('/generate_204', generate204)
    .get('/robots.txt', (_request, response) => void response.type('text').send('User-agent: *\nDisallow: /\n'))
    .get('/healthz', (_request, response) => void response.json({ status: 'ok' }))
    .get(['/relay', '/derp'], (_request, response) => {
      refused()
      response.status(400).end()
    })
    .use((request, response, next) => {
      refused()
      notFound(request, response, next)
    })

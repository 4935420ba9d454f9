/** The web side of a mail server as an Express application; `server.ts` puts it on a socket. */
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { inviteLink, type RandomInt } from '../../contract/invite.ts'
import type { MailConfig } from '../../contract/mail-config.ts'
import { SourceBuckets } from '../../kit/limits/token-bucket.ts'
import { autoconfigRouter } from './autoconfig/router.ts'
import { pageRouter } from './page/router.ts'
import type { Register } from './registration/register.ts'
import { registrationRouter } from './registration/router.ts'

export type AppOptions = {
  config: MailConfig
  register: Register
  random: RandomInt
  /** Monotonic milliseconds. */
  now: () => number
}

/** New accounts per source: a class of thirty behind one address gets in within half a minute. */
const accountsPerSource = { rate: 1, burst: 10, sources: 10_000 }

/** Requests per source: each visit of the page draws a code of its own, which takes some milliseconds. */
const requestsPerSource = { rate: 10, burst: 60, sources: 10_000 }

const limited = (now: () => number): RequestHandler => {
  const buckets = new SourceBuckets(requestsPerSource)
  return (request, response, next) => {
    if (buckets.take(request.socket.remoteAddress ?? '', now())) next()
    else response.status(429).set('retry-after', '10').type('text').send('too many requests from here\n')
  }
}

const headers: RequestHandler = (_request, response, next) => {
  response.set({
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  next()
}

/** 404 without a page: a client that looks for autoconfig takes any page for an answer. */
const notFound: RequestHandler = (_request, response) => {
  response.status(404).type('text').send('not found\n')
}

const failed: ErrorRequestHandler = (error, _request, response, _next) => {
  const status = Number.isInteger(error?.status) && error.status >= 400 && error.status < 500 ? error.status : 500
  if (response.headersSent) response.destroy()
  else
    response
      .status(status)
      .type('text')
      .send(status === 500 ? 'failed\n' : 'bad request\n')
}

export const createApp = ({ config, register, random, now }: AppOptions): Express => {
  const buckets = new SourceBuckets(accountsPerSource)
  const mayRegister = (address: string) => buckets.take(address, now())
  const invite = () => inviteLink(config.domain, config.public, random)
  return express()
    .disable('x-powered-by')
    .disable('etag')
    .set('query parser', 'simple')
    .use(headers)
    .use(limited(now))
    .use(pageRouter({ config, register, mayRegister, invite }))
    .use(registrationRouter({ register, mayRegister, mail: config.public, invite }))
    .use(autoconfigRouter(config.domain, config.public))
    .use(notFound)
    .use(failed)
}

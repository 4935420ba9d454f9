/** The clients that everybody has, imapflow, nodemailer and a web form, against a server of a test. */
import { request } from 'node:https'
import { ImapFlow } from 'imapflow'
import { createTransport, type SentMessageInfo } from 'nodemailer'

const host = '127.0.0.1'
const tls = { rejectUnauthorized: false }

/** `clear`: neither TLS nor STARTTLS, for what stands between a client and the server in a test. */
export type Security = 'tls' | 'starttls' | 'clear'
export type Door = { port: number; security: Security }
export type Login = { user: string; pass: string }

/** A session with the inbox open. */
export const openInbox = async (
  { port, security }: Door,
  auth: Login,
  options: { compress?: boolean } = {},
): Promise<ImapFlow> => {
  const client = new ImapFlow({
    host,
    port,
    secure: security === 'tls',
    doSTARTTLS: security === 'starttls',
    disableCompression: options.compress === false,
    tls,
    auth,
    logger: false,
  })
  await client.connect()
  await client.mailboxOpen('INBOX')
  return client
}

/** Sends one message. @throws Error with the server's reply as `response` */
export const submit = ({ port, security }: Door, auth: Login, to: string, raw: Buffer): Promise<SentMessageInfo> =>
  createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'clear',
    tls,
    auth,
  }).sendMail({ envelope: { from: auth.user, to }, raw })

/** GETs a page, or POSTs a form to it. */
export const page = (url: string, form?: Record<string, string>): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const headers = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
    request(url, { method: form ? 'POST' : 'GET', headers, agent: false, ...tls }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, body }))
    })
      .on('error', reject)
      .end(form && new URLSearchParams(form).toString())
  })

/** The invite that a page shows. */
export const inviteOn = (html: string): string | undefined =>
  /href="(dc(?:login|account):[^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&')

/** The account that a `dclogin:` link is. */
export const loginIn = (link: string): Login => ({
  user: /^dclogin:([^?]+)/.exec(link)![1]!,
  pass: new URLSearchParams(link.split('?')[1]).get('p')!,
})

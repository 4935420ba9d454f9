/** The server's page: who this is, an invite to scan or press, what happens to data. */
import { type Request, type Response, Router, urlencoded } from 'express'
import { toString as qrToString } from 'qrcode'
import { loginLink, reachableByName } from '../../../contract/invite.ts'
import type { MailConfig } from '../../../contract/mail-config.ts'
import { type MayRegister, type Register, refusals } from '../registration/register.ts'
import { type Invitation, pageHtml } from './content.ts'

export type PageOptions = { config: MailConfig; register: Register; mayRegister: MayRegister; invite: () => string }

const code = async (link: string, onePerson: boolean): Promise<Invitation> => ({
  kind: 'code',
  link,
  onePerson,
  qrSvg: await qrToString(link, { type: 'svg', margin: 0, errorCorrectionLevel: 'M' }),
})

const onePerson = ({ domain, public: mail }: MailConfig): boolean => !reachableByName(domain, mail)

const greet = ({ config, invite }: PageOptions): Promise<Invitation> | Invitation => {
  if (config.registration.mode === 'Closed') return { kind: 'closed' }
  if (config.registration.mode === 'Token') return { kind: 'ask-token', refused: null }
  return code(invite(), onePerson(config))
}

/** The account is made here and now, because logging in makes none in token mode. */
const redeem = async (request: Request, { config, register, mayRegister }: PageOptions): Promise<Invitation> => {
  if (config.registration.mode !== 'Token') return { kind: 'closed' }
  if (!mayRegister(request.socket.remoteAddress ?? ''))
    return { kind: 'ask-token', refused: refusals.unavailable.reason }
  const token: unknown = request.body?.token
  const result = await register(typeof token === 'string' ? token.trim() : null)
  if (!result.ok) return { kind: 'ask-token', refused: refusals[result.reason].reason }
  return code(loginLink(result.address, result.password, config.public), true)
}

const show = (response: Response, config: MailConfig, invitation: Invitation): void => {
  const refused = invitation.kind === 'ask-token' && invitation.refused !== null
  response
    .status(refused ? 403 : 200)
    .type('html')
    .send(pageHtml(config, invitation))
}

export const pageRouter = (options: PageOptions): Router =>
  Router()
    .get('/', async (_request, response) => show(response, options.config, await greet(options)))
    .post('/', urlencoded({ limit: 2048, extended: false, parameterLimit: 4 }), async (request, response) =>
      show(response, options.config, await redeem(request, options)),
    )

/**
 * `POST /new`: the URL form of `dcaccount:`. Delta Chat posts an empty body without Content-Length, reads `email` and
 * `password` of a 2xx answer and shows `reason` of any other.
 */
import { type Request, type Response, Router } from 'express'
import { loginLink, type PublicMail } from '../../../contract/invite.ts'
import { type MayRegister, type Register, refusals } from './register.ts'

export type RegistrationOptions = {
  register: Register
  mayRegister: MayRegister
  mail: PublicMail
  /** The invite for whoever asks without posting. */
  invite: () => string
}

const tokenOf = (request: Request): string | null => {
  const { token } = request.query
  return typeof token === 'string' ? token : null
}

const create = async (request: Request, response: Response, options: RegistrationOptions): Promise<void> => {
  if (!options.mayRegister(request.socket.remoteAddress ?? '')) {
    response
      .status(429)
      .set('retry-after', '60')
      .json({ reason: 'Too many new accounts from here. Please try again in a minute.' })
    return
  }
  const result = await options.register(tokenOf(request))
  if (!result.ok) {
    const { status, reason } = refusals[result.reason]
    response.status(status).json({ reason })
    return
  }
  const { address, password } = result
  response.json({ email: address, password, dclogin_url: loginLink(address, password, options.mail) })
}

export const registrationRouter = (options: RegistrationOptions): Router =>
  Router()
    .post('/new', (request, response) => create(request, response, options))
    .get('/new', (_request, response) => response.redirect(302, options.invite()))

/** Where clients look for the autoconfig document: on the domain itself and on `autoconfig.` of it. */
import { Router } from 'express'
import type { PublicMail } from '../../../contract/invite.ts'
import { autoconfigDocument } from './document.ts'

const paths = ['/.well-known/autoconfig/mail/config-v1.1.xml', '/mail/config-v1.1.xml']

export const autoconfigRouter = (domain: string, mail: PublicMail): Router => {
  const document = autoconfigDocument(domain, mail)
  return Router().get(paths, (_request, response) => {
    response.type('application/xml').send(document)
  })
}

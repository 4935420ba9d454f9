/** What delivery refuses, and how. Delta Chat tries 4xx again later and shows 5xx to its user. */
import { refusalTable } from '../policy/refusal.ts'

export const deliveryRefusals = refusalTable({
  senderNotOwned: [553, '5.7.1', 'Sender address rejected: not owned by the authenticated user'],
  unknownRecipient: [550, '5.1.1', 'Recipient address rejected: no such user here'],
  otherServer: [550, '5.1.2', 'Recipient address rejected: this server does not send to other servers yet'],
  tooFast: [450, '4.7.1', 'Too much mail from this sender, try again later'],
  overQuota: [452, '4.2.2', 'Mailbox of a recipient is full, try again later'],
  failed: [451, '4.3.0', 'Local error in processing, try again later'],
})

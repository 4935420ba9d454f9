/** What CAPABILITY tells (RFC 3501 §7.2.1). The same before and after login, but for what login and TLS themselves change. */

/** In force in every state. */
const extensions = [
  'LITERAL+',
  'ID',
  'ENABLE',
  'IDLE',
  'NAMESPACE',
  'CHILDREN',
  'SPECIAL-USE',
  'CREATE-SPECIAL-USE',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'STATUS=SIZE',
  'UNSELECT',
  'UIDPLUS',
  'MOVE',
  'CONDSTORE',
  'QUOTA',
  'QUOTA=RES-STORAGE',
  'METADATA',
  'XCHATMAIL',
  'XDELTAPUSH',
] as const

type About = { secure: boolean; account: unknown; output: { deflated: boolean } }

const loginExtensions = (secure: boolean): string[] =>
  secure ? ['SASL-IR', 'AUTH=PLAIN'] : ['STARTTLS', 'LOGINDISABLED']

/** The words of a CAPABILITY response, from IMAP4rev1 on. */
export const capabilities = ({ secure, account, output }: About): string =>
  [
    'IMAP4rev1',
    ...(account ? [] : loginExtensions(secure)),
    ...extensions,
    ...(account && !output.deflated ? ['COMPRESS=DEFLATE'] : []),
  ].join(' ')

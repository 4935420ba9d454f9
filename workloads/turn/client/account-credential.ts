/**
 * The TURN credential that a Delta Chat account is given: over IMAP, as `/shared/vendor/deltachat/turn` of METADATA (RFC 5464),
 * `host:port:expiry:password`.
 */
import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TurnCredential } from '../../contract/credential.ts'

export type Account = {
  host: string
  port: number
  security: 'ssl' | 'plain'
  /** Takes any certificate. */
  anyCertificate: boolean
  address: string
  password: string
}

export type Advertised = { host: string; port: number; credential: TurnCredential }

const entry = '/shared/vendor/deltachat/turn'
/** `"…"` of an untagged METADATA answer; the value has no quote and no backslash in it. */
const metadataValue = new RegExp(`\\* METADATA "?"? \\(${entry} (?:"([^"\\\\]*)"|\\{\\d+\\}\\r\\n([^\\r)]*))`, 'i')

/** Host, port, expiry and password; the password may hold no colon and the others none either. Null when it is none. */
export const parseTurnValue = (value: string): Advertised | null => {
  const [, host, port, username, password] = /^([^:]+):(\d+):(\d+):(.+)$/.exec(value) ?? []
  return host && port && username && password ? { host, port: Number(port), credential: { username, password } } : null
}

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, (character) => `\\${character}`)}"`

const open = ({ host, port, security, anyCertificate }: Account): Socket =>
  security === 'ssl'
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), rejectUnauthorized: !anyCertificate })
    : connectPlain({ host, port })

const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: "the mail server's name does not resolve",
  EAI_AGAIN: 'no DNS server answers from here',
  ECONNREFUSED: 'nothing listens on the IMAP port of the mail server',
  ENETUNREACH: 'there is no route to the mail server from here',
  EHOSTUNREACH: 'there is no route to the mail server from here',
}

/** Where IMAP was looked for, and what is wrong with it. */
const unable = ({ host, port }: Account, error: NodeJS.ErrnoException): Error => {
  const certificate = /CERT|ISSUER|SIGNATURE/.test(error.code ?? '')
    ? 'its certificate cannot be verified, which --insecure does not ask for'
    : null
  const code = error.code ? ` (${error.code})` : ''
  return new Error(`IMAP at ${host}:${port}: ${certificate ?? unreachable[error.code ?? ''] ?? error.message}${code}`)
}

/** Sends the commands one after the other and gives all that was answered. @throws Error with what was refused */
const converse = (socket: Socket, commands: readonly string[], timeoutMs: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = ''
    let next = 0
    socket.setEncoding('utf8').setTimeout(timeoutMs, () => socket.destroy(new Error('the mail server does not answer')))
    socket.on('data', (text: string) => {
      said += text
      const done = next === 0 ? /^\* OK.*\r\n/m : new RegExp(`^t${next} (OK|NO|BAD).*\\r\\n`, 'm')
      const answer = done.exec(said)
      if (!answer) return
      if (answer[1] === 'NO' || answer[1] === 'BAD') reject(new Error('the mail server refuses the account'))
      const command = commands[next++]
      if (command === undefined) resolve(said)
      else socket.write(`t${next} ${command}\r\n`)
    })
    socket.once('error', reject).once('close', () => reject(new Error('the mail server closed the connection')))
  })

/** What the server tells this account; a new account is made by logging in. @throws Error that a person can act on */
export const accountCredential = async (account: Account, timeoutMs: number): Promise<Advertised> => {
  const socket = open(account)
  try {
    const login = `LOGIN ${quoted(account.address)} ${quoted(account.password)}`
    const said = await converse(socket, [login, `GETMETADATA "" (${entry})`], timeoutMs)
    const value = metadataValue.exec(said)
    const advertised = parseTurnValue(value?.[1] ?? value?.[2] ?? '')
    if (!advertised)
      throw new Error('this account is told of no TURN server: the condition TurnAvailable of the server says why')
    return advertised
  } catch (error) {
    throw unable(account, error as NodeJS.ErrnoException)
  } finally {
    socket.destroy()
  }
}

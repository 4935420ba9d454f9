/**
 * The one place where addresses, IPs and credentials are taken out of what a workload writes (No-Log).
 * It works on the finished line, so that no caller, library or error text can get around it.
 */
import { isIP } from 'node:net'

const email = /[^\s"'<>:;,\\()[\]{}=]+@(?:\[[^\]\s]*\]|[^\s"'<>:;,\\()[\]{}=]+)/g
/** Whatever could be an IP, with what may follow it: a port or a full stop. */
const ipLike = /[0-9a-f:.]{2,}/gi
const withTail = /^(.*?)((?::\d+)?[.:]*)$/

/** Whatever stands around it: `turn:192.0.2.1:3478:…` is no IP as a whole. */
const ipv4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)/g

const redactIp = (token: string): string => {
  if (token.length > 64) return token
  // The colon of a word before it, as in `host:2001:db8::1`.
  if (/^:[^:]/.test(token)) return `:${redactIp(token.slice(1))}`
  if (isIP(token)) return '[ip]'
  const [, address = '', tail = ''] = withTail.exec(token) ?? []
  return isIP(address) ? `[ip]${tail}` : token
}

/** An HMAC-SHA1 in base64: a TURN password. */
const turnPassword = /(?<![\w+/])[A-Za-z0-9+/]{27}=(?![\w=])/g

/** `line` with every address, IP and TURN password replaced by a mark that says what it was. */
export const redact = (line: string): string =>
  line.replace(email, '[address]').replace(ipLike, redactIp).replace(ipv4, '[ip]').replace(turnPassword, '[credential]')

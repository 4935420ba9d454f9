/**
 * The one place where addresses, IPs and credentials are taken out of what a workload writes (No-Log).
 * It works on the finished line, so that no caller, library or error text can get around it.
 */
import { isIP } from 'node:net'

const email = /[^\s"'<>:;,\\()[\]{}=]+@(?:\[[^\]\s]*\]|[^\s"'<>:;,\\()[\]{}=]+)/g
/** Whatever could be an IP, with what may follow it: a port or a full stop. */
const ipLike = /[0-9a-f:.]{2,}/gi
const withTail = /^(.*?)((?::\d+)?[.:]*)$/

const redactIp = (token: string): string => {
  if (token.length > 64) return token
  if (isIP(token)) return '[ip]'
  const [, address = '', tail = ''] = withTail.exec(token) ?? []
  return isIP(address) ? `[ip]${tail}` : token
}

/** An HMAC-SHA1 in base64: a TURN password. */
const turnPassword = /(?<![\w+/])[A-Za-z0-9+/]{27}=(?![\w=])/g

/** `line` with every address, IP and TURN password replaced by a mark that says what it was. */
export const redact = (line: string): string =>
  line.replace(email, '[address]').replace(ipLike, redactIp).replace(turnPassword, '[credential]')

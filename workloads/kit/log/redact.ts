/**
 * The one place where addresses, IPs and credentials are taken out of what a workload writes (No-Log).
 * It works on the finished line, so that no caller, library or error text can get around it.
 */

const email = /[^\s"'<>:;,\\()[\]{}=]+@(?:\[[^\]\s]*\]|[^\s"'<>:;,\\()[\]{}=]+)/g
const ipv4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]|\.\d)/g
const ipv6 = /(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?(?:%\w+)?(?![\w:])/gi
/** An HMAC-SHA1 in base64: a TURN password. */
const turnPassword = /(?<![\w+/])[A-Za-z0-9+/]{27}=(?![\w=])/g

/** `line` with every address, IP and TURN password replaced by a mark that says what it was. */
export const redact = (line: string): string =>
  line
    .replace(email, '[address]')
    .replace(ipv4, '[ip]')
    .replace(ipv6, (match) => (/[0-9a-f]/i.test(match) || match === '::' ? '[ip]' : match))
    .replace(turnPassword, '[credential]')

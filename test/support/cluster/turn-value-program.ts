/** What a client is told of its relay: logs in over IMAP and prints the value. Standard input: `host port login password`. */
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'

const [host, port, login, password] = (await text(process.stdin)).trim().split(' ')
const socket = connect({ host: host!, port: Number(port), rejectUnauthorized: false }).setEncoding('utf8')
socket.write(`a LOGIN ${login} ${password}\r\nb GETMETADATA "" (/shared/vendor/deltachat/turn)\r\nc LOGOUT\r\n`)
const answer = (await socket.toArray()).join('')
const [, value] = /deltachat\/turn"? (?:\{\d+\}\r\n|")?([^\s")]+)/.exec(answer) ?? []
if (!value) throw new Error(`no relay in ${JSON.stringify(answer)}`)
process.stdout.write(value)

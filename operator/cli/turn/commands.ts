/** The tools below `chatmail turn`. */
import { InvalidArgumentError, Option } from 'commander'
import { type Command, required } from '../command.ts'
import { serverAddress } from './credential.ts'
import type { TurnDecodeFlags } from './decode.ts'
import type { TurnLoadFlags } from './load.ts'
import type { TurnPageFlags } from './page.ts'
import type { TurnTestFlags } from './test.ts'

/** A whole number from `min` to `max`. */
const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const number = Number(text)
    if (!Number.isInteger(number) || number < min || number > max)
      throw new InvalidArgumentError(`A whole number from ${min} to ${max} is wanted.`)
    return number
  }

const server = (): Option => new Option('--server <host:port>', 'the TURN server').argParser(serverAddress)
const secretFile = (): Option => new Option('--secret-file <file>', 'a keyring.json, or a file with the secret alone')
const over = (): Option =>
  new Option('--over <protocol>', 'what calls go over to the server; tcp and tls also to the HTTPS port of mail')
    .choices(['udp', 'tcp', 'tls'])
    .default('udp')
const insecure = (about: string): Option => new Option('--insecure', about).default(false)
const output = (): Option =>
  new Option('--output <form>', 'json: one line on standard output').choices(['human', 'json']).default('human')

const test: Command = {
  name: 'test',
  summary:
    'find out step by step whether calls through a TURN server work from here; exit code 0 when they do, 1 when not',
  options: () => [
    server(),
    secretFile(),
    new Option(
      '--from-account <link>',
      'in place of both: what an account is told; over tcp and tls port 443 of its mail server. dclogin:…, dcaccount:DOMAIN (makes one), or @FILE with either',
    ),
    over(),
    new Option('--timeout <seconds>', 'how long each step may take').argParser(whole(1, 120)).default(8),
    insecure('take any certificate, of TURN over TLS and of the mail server'),
    output(),
  ],
  examples: [
    'chatmail turn test --server chat.example.org:3478 --secret-file keyring.json',
    'chatmail turn test --from-account dcaccount:chat.example.org --output json',
    'chatmail turn test --server chat.example.org:443 --over tls --secret-file keyring.json',
  ],
  run: async (flags: TurnTestFlags, context) => (await import('./test.ts')).runTurnTest(flags, context),
}

const load: Command = {
  name: 'load',
  summary: 'send a bounded load of calls through a TURN server and measure it',
  options: () => [
    server().makeOptionMandatory(),
    secretFile().makeOptionMandatory(),
    over(),
    insecure('take any certificate of TURN over TLS'),
    new Option('--calls <count>', 'calls at once, two allocations each').argParser(whole(1, 500)).default(10),
    new Option('--rate <count>', 'datagrams a second of each call, each way').argParser(whole(1, 500)).default(50),
    new Option('--size <bytes>', 'of each datagram').argParser(whole(16, 1400)).default(160),
    new Option('--duration <seconds>', 'how long').argParser(whole(1, 300)).default(10),
    new Option('--not-mine', "load a server that is not on this machine; only with its owner's leave").default(false),
    output(),
  ],
  examples: ['chatmail turn load --server 127.0.0.1:3478 --secret-file keyring.json --calls 50'],
  run: async (flags: TurnLoadFlags, context) => (await import('./load.ts')).runTurnLoad(flags, context),
}

const decode: Command = {
  name: 'decode',
  summary: 'print the STUN messages and ChannelData of a capture',
  options: () => [
    required('-f, --file <file>', 'a pcap or pcapng file, or datagrams in hex, one a line; - is standard input'),
  ],
  examples: ['chatmail turn decode -f call.pcap', 'tcpdump -Uw - port 3478 | chatmail turn decode -f -'],
  run: async (flags: TurnDecodeFlags, context) => (await import('./decode.ts')).runTurnDecode(flags, context),
}

const page: Command = {
  name: 'page',
  summary:
    'serve a page on this machine that calls from one tab to another through the relay alone, and shows how it goes',
  options: () => [
    server().makeOptionMandatory(),
    secretFile().makeOptionMandatory(),
    new Option('--port <port>', 'port on loopback; 0 is any').argParser(whole(0, 65535)).default(0),
  ],
  examples: ['chatmail turn page --server chat.example.org:3478 --secret-file keyring.json'],
  run: async (flags: TurnPageFlags, context) => (await import('./page.ts')).runTurnPage(flags, context),
}

export const turnTools: readonly Command[] = [test, load, decode, page]

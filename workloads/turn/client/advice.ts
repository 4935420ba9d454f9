/** What failed and what to do about it, for a person. No address and no name in it: it may end in a status or a log. */

import type { Protocol } from './link.ts'
import { streamAdvice, tlsAdvice } from './stream-advice.ts'

export type ProofStep = 'resolve' | 'binding' | 'allocate' | 'permission' | 'relay'

const anyCode = '*'

/** What the longer examination of `checks.ts` looks at besides. */
export type FurtherStep = 'range' | 'loss' | 'ipv6' | 'tcp' | 'tls'
export type CheckStep = ProofStep | FurtherStep

/** What each step shows when it is passed. */
export const meanings: Readonly<Record<CheckStep, string>> = {
  resolve: 'the name leads to an address',
  binding: 'the port answers',
  allocate: 'the credential is taken',
  permission: 'peers are let in',
  range: 'relayed ports are reached from outside',
  relay: 'a datagram goes from one client through the public address to another and back',
  loss: 'a stream of datagrams arrives',
  ipv6: 'the server relays over IPv6 too',
  tcp: 'clients without UDP can use TCP',
  tls: 'clients without UDP can use TLS',
}

const missedStream = {
  ECONNREFUSED: 'the server does not listen for TCP on the port: only clients in networks without UDP miss it',
  TIMEOUT: 'nothing answers over TCP: open the TURN port for TCP too; only clients in networks without UDP miss it',
}

const advice: Record<CheckStep, Record<string, string>> = {
  resolve: {
    EAI_AGAIN: 'no DNS server answers from here: look at the network of this machine',
    [anyCode]: "the server's name does not resolve: publish its A or AAAA record, or use the address",
  },
  binding: {
    TIMEOUT:
      'nothing answers on the TURN port: open it in every firewall and security group on the way, and check that the public address leads to this server',
    ECONNREFUSED: 'nothing listens on the TURN port: the server is not running there, or the port is another one',
    ENETUNREACH: 'there is no route to the server from here',
    EHOSTUNREACH: 'there is no route to the server from here',
    CLOSED: 'the server closed the connection: is it a TURN server that listens for this transport?',
    [anyCode]: 'the server could not be connected to',
  },
  allocate: {
    '300': 'the server is draining and names another one',
    '401':
      'the credential is refused: it was signed with a key that the server does not have, it has expired, or the clocks of who signed it and of the server differ',
    KEY: 'the credential is refused: the key is not one that the server has; take the keyring.json that it runs with (kubectl get secret NAME-turn-keyring), and see in its readiness whether it could load it',
    CLOCK:
      "the key is right, but the server holds a credential that was just made for expired: the clocks of this machine and of the server differ; put both on NTP. Where the server's is wrong, no call works",
    '437': 'the server still holds an allocation of this client: try again',
    '440': 'the server does not relay over this address family: give it a local address of that family',
    '486':
      'the quota of allocations for this credential or this source is used up: raise turn.limits, or find who uses them',
    '508': 'the server takes no new allocations: it is draining, or no relay port is free',
    TIMEOUT:
      'the server answers STUN but not Allocate: it serves STUN alone, is overloaded, or something on the way drops larger packets',
    INTEGRITY:
      'the answer is not signed with this credential: another server answers, or something on the way changes packets',
    [anyCode]: 'the server gave no allocation',
  },
  range: {
    TIMEOUT:
      'relayed ports are not reached from here: open all of turn.relayPorts for UDP in every firewall and security group on the way',
    PARTLY:
      'some relayed ports are reached and others are not: a firewall is open for a part of turn.relayPorts, open all of them for UDP',
    ADDRESS:
      'relayed ports are not reached at the address that the server tells: set turn.publicAddress (or the annotation chatmail.dev/public-address of the node) to the one that leads to this relay, and open turn.relayPorts for UDP there',
    [anyCode]: 'the relayed ports could not be tried',
  },
  loss: {
    LOSS: 'datagrams are lost on the way: look at the load of the server, at turn.limits.bandwidth and at the network between',
    [anyCode]: 'the channels of the test could not be bound',
  },
  ipv6: {
    '440': 'the server relays over IPv4 alone: calls work; IPv6-only peers are not reached',
    [anyCode]: 'the server gave no IPv6 allocation',
  },
  tcp: { ...missedStream, [anyCode]: 'relaying over TCP does not work' },
  tls: {
    ...missedStream,
    ...tlsAdvice,
    [anyCode]: 'relaying over TLS does not work',
  },
  permission: {
    '403':
      'the server refuses to relay to its own relayed address: the public address that it tells is none that it knows as its own, or it lies in a range that turn.peers.deny names',
    [anyCode]: 'the server did not let the peer in',
  },
  relay: {
    RANGE: 'nothing came through the relay, for the same reason: relayed ports are not reached',
    HAIRPIN:
      'relayed ports are reached from outside, but not from the server itself: the network does not bring packets to its own public address back (hairpin, NAT loopback); turn that on at the router or NAT before the server. Calls where both people use the relay do not work without',
    TIMEOUT:
      'nothing came through the relay: open the relay port range for UDP in every firewall and security group on the way, check the public address that the server tells, and whether the network brings packets to it back (hairpin)',
    [anyCode]: 'nothing came through the relay',
  },
}

/** One sentence for a failure of a step that went `over` this. */
export const adviceFor = (step: CheckStep, code: string, over: Protocol = 'udp'): string =>
  (over === 'udp' ? undefined : streamAdvice[over][step]?.[code]) ?? advice[step][code] ?? advice[step][anyCode]!

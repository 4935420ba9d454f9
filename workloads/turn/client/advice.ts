/** What failed and what to do about it, for a person. No address and no name in it: it may end in a status or a log. */

export type ProofStep = 'resolve' | 'binding' | 'allocate' | 'permission' | 'relay'

const anyCode = '*'

/** What the longer examination of `checks.ts` looks at besides. */
export type FurtherStep = 'loss' | 'range' | 'ipv6' | 'tcp' | 'tls'

const streamAdvice = {
  ECONNREFUSED: 'the server does not listen for TCP on the port: only clients in networks without UDP miss it',
  TIMEOUT: 'nothing answers over TCP: open the TURN port for TCP too',
}

const advice: Record<ProofStep | FurtherStep, Record<string, string>> = {
  resolve: {
    [anyCode]: "the server's name does not resolve: publish its A or AAAA record, or use the address",
  },
  binding: {
    TIMEOUT:
      'nothing answers on the TURN port: open it in every firewall and security group on the way, and check that the public address leads to this server; where the steps after it pass, turn.forceRelayOnly is set',
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
    CLOCK:
      'the credential is taken only with an end that is far away: the clocks of this machine and of the server differ',
    '437': 'the server still holds an allocation of this client: try again',
    '440': 'the server does not relay over this address family: give it a local address of that family',
    '486':
      'the quota of allocations for this credential or this source is used up: raise turn.limits, or find who uses them',
    '508': 'the server takes no new allocations: it is draining, or no relay port is free',
    TIMEOUT: 'the server answers STUN but not Allocate: it is overloaded, or something on the way drops larger packets',
    INTEGRITY:
      'the answer is not signed with this credential: another server answers, or something on the way changes packets',
    [anyCode]: 'the server gave no allocation',
  },
  loss: {
    LOSS: 'datagrams are lost on the way: look at the load of the server, at turn.limits.bandwidth and at the network between',
    [anyCode]: 'the channels of the test could not be bound',
  },
  range: {
    TIMEOUT:
      'relayed ports are not reached from here: open the whole relay port range for UDP in every firewall and security group on the way, and check the public address that the server tells',
    [anyCode]: 'the relayed ports could not be tried',
  },
  ipv6: {
    '440': 'the server relays over IPv4 alone: calls work; IPv6-only peers are not reached',
    [anyCode]: 'the server gave no IPv6 allocation',
  },
  tcp: { ...streamAdvice, [anyCode]: 'relaying over TCP does not work' },
  tls: {
    ...streamAdvice,
    ECONNRESET: 'the server closes TLS connections: it has no certificate, or serves TCP alone on the port',
    CERT_HAS_EXPIRED: 'the certificate has expired',
    DEPTH_ZERO_SELF_SIGNED_CERT:
      'the certificate is self-signed: clients that verify it refuse it (--insecure takes it here)',
    ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name than the one that was connected to',
    [anyCode]: 'relaying over TLS does not work',
  },
  permission: {
    '403':
      'the server refuses to relay to its own relayed address: the public address that it is configured with is not the one that it tells, or it lies in a range that peers.deny names',
    [anyCode]: 'the server did not let the peer in',
  },
  relay: {
    TIMEOUT:
      'nothing came through the relay: open the relay port range for UDP in every firewall and security group on the way, check the public address that the server tells, and whether the network brings packets to it back (hairpin)',
    [anyCode]: 'nothing came through the relay',
  },
}

/** One sentence for a failure. */
export const adviceFor = (step: ProofStep | FurtherStep, code: string): string =>
  advice[step][code] ?? advice[step][anyCode]!

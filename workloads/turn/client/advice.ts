/** What failed and what to do about it, for a person. No address and no name in it: it may end in a status or a log. */

export type ProofStep = 'resolve' | 'binding' | 'allocate' | 'permission' | 'relay'

const anyCode = '*'

const advice: Record<ProofStep, Record<string, string>> = {
  resolve: {
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
export const adviceFor = (step: ProofStep, code: string): string => advice[step][code] ?? advice[step][anyCode]!

/**
 * Condition types and their reasons: a closed table that the operator sets and that people and programs wait for.
 * Shaped after kstatus: Reconciling and Stalled are there only when true.
 */

export const conditions = {
  Ready: {
    meaning: 'Everything that the spec asks for works.',
    reasons: ['Ready', 'NotReady', 'Paused', 'SpecInvalid', 'NotSupported'],
  },
  Reconciling: {
    meaning: 'The operator is bringing about what the spec says. Absent when it is not.',
    reasons: ['Progressing', 'RollingOut'],
  },
  Stalled: {
    meaning: 'Something that only a person can change keeps the server from working. Absent when nothing does.',
    reasons: ['SpecInvalid', 'NotSupported', 'SecretMissing', 'AdoptionRefused', 'NamespaceForbidsHostNetwork'],
  },
  MailAvailable: {
    meaning: 'Clients can read and send.',
    reasons: ['Available', 'Starting', 'Unavailable'],
  },
  TurnAvailable: {
    meaning: 'At least one relay is proven to work and told to clients.',
    reasons: ['Available', 'Disabled', 'Starting', 'NoPublicAddress', 'ProbeFailed', 'Unavailable'],
  },
  IrohAvailable: {
    meaning: 'Real-time apps find their relay.',
    reasons: ['Available', 'Disabled', 'Starting', 'Unavailable'],
  },
  CertificateReady: {
    meaning: 'The certificate is valid for the domain and in use.',
    reasons: ['Issued', 'SelfSigned', 'Pending', 'Expired', 'SecretMissing'],
  },
  KeysReady: {
    meaning: 'All relays verify with the key that mail signs with.',
    reasons: ['Steady', 'Introducing', 'Switched', 'WaitingForRelays'],
  },
  Exposed: {
    meaning: 'The ports for clients have an address.',
    reasons: ['Exposed', 'WaitingForAddress'],
  },
  DNSReady: {
    meaning: 'The records that clients need are published.',
    reasons: ['Published', 'Missing', 'NotNeeded'],
  },
} as const

export type ConditionType = keyof typeof conditions
export type Reason<T extends ConditionType> = (typeof conditions)[T]['reasons'][number]

export const conditionTypes = Object.keys(conditions) as ConditionType[]

/**
 * Condition types and their reasons: a closed table that the operator sets and that people and programs wait for.
 * Shaped after kstatus: Reconciling and Stalled are there only when true.
 */

export const conditions = {
  Ready: {
    meaning: 'Everything that the spec asks for works.',
    reasons: ['Ready', 'NotReady', 'Paused', 'Stalled', 'Failing'],
  },
  Reconciling: {
    meaning: 'The operator is bringing about what the spec says. Absent when it is not.',
    reasons: ['Progressing', 'RollingOut'],
  },
  Stalled: {
    meaning: 'Something that only a person can change keeps the server from working. Absent when nothing does.',
    reasons: [
      'SpecInvalid',
      'NotSupported',
      'DomainTaken',
      'SecretMissing',
      'CertManagerMissing',
      'MonitoringMissing',
      'AdoptionRefused',
      'ChangeRefused',
      'NodePortRefused',
      'KeyringUnreadable',
      'NamespaceForbidsHostNetwork',
      'NoPublicAddress',
      'NoNode',
    ],
  },
  MailAvailable: {
    meaning: 'Clients can read and send.',
    reasons: ['Available', 'Starting', 'PortTaken', 'ImageNotPulled', 'Forbidden', 'Crashing', 'NoRoom'],
  },
  TurnAvailable: {
    meaning: 'At least one relay is proven to work and told to clients.',
    reasons: [
      'Available',
      'PartlyAvailable',
      'Disabled',
      'Starting',
      'NoNode',
      'NoPublicAddress',
      'NamespaceForbidsHostNetwork',
      'ProofFailed',
      'Draining',
      'PortTaken',
      'ImageNotPulled',
      'Forbidden',
      'Crashing',
      'NoRoom',
    ],
  },
  IrohAvailable: {
    meaning: 'Real-time apps find their relay.',
    reasons: [
      'Available',
      'Disabled',
      'Starting',
      'ProofFailed',
      'Unavailable',
      'PortTaken',
      'ImageNotPulled',
      'Forbidden',
      'Crashing',
      'NoRoom',
    ],
  },
  CertificateReady: {
    meaning: 'The certificate is valid for the domain and in use.',
    reasons: ['Issued', 'SelfSigned', 'Pending', 'Expired', 'WrongName', 'SecretMissing'],
  },
  KeysReady: {
    meaning: 'All relays verify with the key that mail signs with.',
    reasons: ['Steady', 'Introducing', 'Switched', 'WaitingForRelays', 'WaitingForMail', 'WaitingForClock'],
  },
  Exposed: {
    meaning: 'The ports for clients have an address.',
    reasons: ['Exposed', 'WaitingForAddress', 'NodePortRefused'],
  },
  DNSReady: {
    meaning:
      'The records that clients need are published. Informs only: the operator may see another DNS than clients.',
    reasons: ['Published', 'Missing', 'NotNeeded', 'WaitingForAddress'],
  },
} as const

export type ConditionType = keyof typeof conditions
export type Reason<T extends ConditionType> = (typeof conditions)[T]['reasons'][number]

export const conditionTypes = Object.keys(conditions) as ConditionType[]

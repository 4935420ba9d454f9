/** What the rotation of the TURN keys goes by: the resource, and what its annotations ask for. */
import type { ChatmailServer } from '../api/chatmail-server.ts'
import { seconds } from '../api/quantities.ts'
import { annotationPrefix } from '../render/objects.ts'
import type { KeyRequests, RotationPolicy } from './rotation.ts'

export const rotateAnnotation = `${annotationPrefix}rotate-keys`
export const revokeAnnotation = `${annotationPrefix}revoke-keys`

/** How far the clocks of nodes may be apart, in seconds. */
const skew = 300

/** What a resource with these annotations asks for. */
export const requestsIn = (annotations: Readonly<Record<string, string>> = {}): KeyRequests => ({
  rotate: annotations[rotateAnnotation] || undefined,
  revoke: annotations[revokeAnnotation] || undefined,
})

export const rotationPolicy = ({ spec }: ChatmailServer, requests: KeyRequests): RotationPolicy => ({
  interval: seconds(spec.turn.credentials.rotation.interval),
  ttl: seconds(spec.turn.credentials.ttl),
  skew,
  requests,
})

/**
 * `MicroTime` of the Kubernetes API. It must have exactly six fractional digits: with the three of a JavaScript date the
 * API server refuses the object, and then, say, nobody is ever elected.
 */

/** @param at milliseconds since 1970 */
export const microTime = (at: number): string => new Date(at).toISOString().replace('Z', '000Z')

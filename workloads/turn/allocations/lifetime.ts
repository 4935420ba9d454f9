/** How long an allocation lives (RFC 8656 §7.2, §8.2). Seconds. */
export type Lifetimes = { default: number; max: number }

/** Granted while the server drains, so that abandoned allocations are soon gone and live ones still refresh at ease. */
const drainingLifetime = 120

/** Between the default and the maximum; a wish below the default is not followed. `wish` is null without LIFETIME. */
export const grantedLifetime = (wish: number | null, lifetimes: Lifetimes, draining: boolean): number => {
  const granted = Math.min(Math.max(wish ?? 0, lifetimes.default), lifetimes.max)
  return draining ? Math.min(granted, drainingLifetime) : granted
}

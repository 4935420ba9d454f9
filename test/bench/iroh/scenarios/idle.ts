/** What a connection costs that is open and says nothing. */
import { Endpoint } from '../../../../workloads/iroh/client/endpoint.ts'
import { memoryKiB } from '../../usage.ts'
import type { Target } from '../target.ts'
import { endpointOptions } from './options.ts'

const atOnce = 100

const open = async (url: URL, count: number): Promise<Endpoint[]> => {
  const endpoints: Endpoint[] = []
  const options = endpointOptions(url)
  while (endpoints.length < count)
    endpoints.push(...(await Promise.all(Array.from({ length: atOnce }, () => Endpoint.open(options)))))
  return endpoints
}

/** KiB for each of `count` connections. A hundred were there before, so that what the first ones cost alone is not counted. */
export const idleConnections = async (target: Target, url: URL, count: number): Promise<number> => {
  for (const endpoint of await open(url, atOnce)) endpoint.close()
  const before = memoryKiB(target.pids())
  const endpoints = await open(url, count)
  const after = memoryKiB(target.pids())
  for (const endpoint of endpoints) endpoint.close()
  return (after - before) / endpoints.length
}

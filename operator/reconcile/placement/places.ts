/**
 * Which of the listed addresses each node has. A node keeps its place as long as it has a relay, so that one node that comes
 * or goes does not give every other one the address of its neighbour.
 */

/**
 * Node → place from 0, for `chosen` in their order. `kept` are the places of all nodes that have a relay, of those that leave
 * too; `count` is the number of places. A place that somebody leaves is given out when no other is free.
 */
export const placesOf = (
  chosen: readonly string[],
  kept: ReadonlyMap<string, number>,
  count: number,
): Map<string, number> => {
  const places = new Map<string, number>()
  const isTaken = (place: number): boolean => [...places.values()].includes(place)
  for (const node of chosen) {
    const place = kept.get(node)
    if (place !== undefined && place < count && !isTaken(place)) places.set(node, place)
  }
  const all = Array.from({ length: count }, (_, place) => place)
  const left = [...kept.values()]
  for (const node of chosen.filter((each) => !places.has(each))) {
    const free = all.filter((place) => !isTaken(place))
    places.set(node, free.find((place) => !left.includes(place)) ?? free[0] ?? count)
  }
  return places
}

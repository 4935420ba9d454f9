/** The requests that need authentication: method → name and handler. Binding is answered to anybody. */
import { type MethodName, methods } from '../../stun/types.ts'
import { allocate } from './allocate.ts'
import { channelBind } from './channel-bind.ts'
import { createPermission } from './create-permission.ts'
import { refresh } from './refresh.ts'
import type { Handler } from './request.ts'

export const requests: ReadonlyMap<number, { name: MethodName; handle: Handler }> = new Map([
  [methods.allocate, { name: 'allocate', handle: allocate }],
  [methods.refresh, { name: 'refresh', handle: refresh }],
  [methods.createPermission, { name: 'createPermission', handle: createPermission }],
  [methods.channelBind, { name: 'channelBind', handle: channelBind }],
])

-- The health of a ChatmailServer for Argo CD, by the same rules as kstatus, and so as Flux and `kubectl wait`:
-- until the operator has seen the generation that is stored, no condition says anything about it.
local function answer(status, message)
  return { status = status, message = message }
end

if obj.metadata.deletionTimestamp ~= nil then
  return answer('Progressing', 'It is being deleted.')
end

local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return answer('Progressing', 'The operator has not yet seen what was applied.')
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function isTrue(kind)
  return conditions[kind] ~= nil and conditions[kind].status == 'True'
end

local ready = conditions.Ready
if isTrue('Stalled') then
  return answer('Degraded', conditions.Stalled.message)
end
if ready ~= nil and ready.status ~= 'True' and ready.reason == 'Paused' then
  return answer('Suspended', ready.message)
end
if isTrue('Reconciling') then
  return answer('Progressing', conditions.Reconciling.message)
end
if isTrue('Ready') then
  return answer('Healthy', ready.message)
end
return answer('Progressing', ready ~= nil and ready.message or 'The operator is at work.')

-- neovim: Neovim itself: rpcrequest() on a channel of sockconnect(), and, for
-- the events, which Neovim would take for calls of its own functions, the
-- MessagePack-RPC session of its Lua.

local say = function(...)
  io.stdout:write(table.concat({ ... }, ' '), '\n')
end

local path = vim.env.WEIR_SOCKET
local pipe = vim.loop.new_pipe(false)
local session = vim.mpack.Session({
  unpack = vim.mpack.Unpacker(),
})
local pack = vim.mpack.Packer()
local events, subscribed = {}, false

local function take(bytes)
  local at = 1
  while at <= #bytes do
    local kind, id, method, parameters
    kind, id, method, parameters, at = session:receive(bytes, at)
    if kind == 'notification' and method == 'event' then
      table.insert(events, parameters[1])
    elseif kind == 'response' then
      subscribed = true
    end
  end
end

local function wait(condition)
  if not vim.wait(60000, condition, 10) then
    error('waited in vain')
  end
end

local connected = false
pipe:connect(path, function(problem)
  assert(not problem, problem)
  connected = true
end)
wait(function() return connected end)
pipe:read_start(function(problem, bytes)
  assert(not problem, problem)
  if bytes then
    take(bytes)
  end
end)
pipe:write(session:request('x') .. pack('events.subscribe')
  .. pack({ { types = { 'execution.*' } } }))
wait(function() return subscribed end)

local weir = vim.fn.sockconnect('pipe', path, { rpc = true })
assert(weir > 0)
-- Neovim shows errors that are strings, and no others.
vim.rpcrequest(weir, 'hello', { errors = 'text' })
-- It complains of each event, to weird, and weird passes over that.
vim.rpcrequest(weir, 'events.subscribe', { types = { 'execution.*' } })
local id = vim.rpcrequest(weir, 'execution.start', { workflow = 'gate' }).id
say('started', id)
local answer = vim.rpcrequest(weir, 'execution.pause',
  { ids = { id }, hold = true })
say('paused', answer.succeeded[1].id)
local ok, problem = pcall(vim.rpcrequest, weir, 'execution.get',
  { id = id, nonsense = 1 })
assert(not ok)
say('refused', (tostring(problem):gsub('\n.*', '')))
answer = vim.rpcrequest(weir, 'execution.resume', { ids = { id } })
say('resumed', answer.succeeded[1].id)
wait(function()
  for _, event in ipairs(events) do
    if event.type == 'execution.resumed' then
      return true
    end
  end
end)
for _, event in ipairs(events) do
  say('event', event.type, event.execution)
end
pipe:close()

-- session: the MessagePack-RPC of lua-nvim, Neovim's client for Lua programs.

local Session = require('nvim.session')
local SocketStream = require('nvim.socket_stream')

local session = Session.new(SocketStream.open(os.getenv('WEIR_SOCKET')))

local function call(method, parameters)
  local ok, result = session:request(method, parameters)
  if not ok then
    error(('%s %s: %s'):format(result.code, result.name, result.message), 0)
  end
  return result
end

call('events.subscribe', {types = {'execution.*'}})
local id = call('execution.start', {workflow = 'gate'}).id
print('started ' .. id)
print('paused ' .. call('execution.pause', {ids = {id}, hold = true}).succeeded[1].id)
local ok, problem = pcall(call, 'execution.get', {id = id, nonsense = 1})
assert(not ok)
print('refused ' .. problem)
print('resumed ' .. call('execution.resume', {ids = {id}}).succeeded[1].id)
local event
repeat
  local message = session:next_message()
  assert(message[1] == 'notification' and message[2] == 'event')
  event = message[3][1]
  print(('event %s %s'):format(event.type, event.execution))
until event.type == 'execution.resumed'
-- To close it, or Lua's state with it open, crashes some versions of luv.
os.exit(0)

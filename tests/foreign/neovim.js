// neovim: the MessagePack-RPC of the npm package neovim.

const net = require('net');
const { Transport } = require('neovim/lib/utils/transport');

const transport = new Transport();
const socket = net.createConnection(process.env.WEIR_SOCKET);

function call(method, ...parameters) {
  return new Promise((resolve, reject) => {
    transport.request(method, parameters, (error, result) =>
      error ? reject(error) : resolve(result));
  });
}

function onNotification(method, [event]) {
  if (method !== 'event') return;
  console.log('event', event.type, event.execution);
  if (event.type === 'execution.resumed') socket.end();
}

async function main() {
  const early = [];
  let told = (...notification) => early.push(notification);
  transport.on('notification', (...notification) => told(...notification));
  await call('events.subscribe', { types: ['execution.*'] });
  const { id } = await call('execution.start', { workflow: 'gate' });
  console.log('started', id);
  let answer = await call('execution.pause', { ids: [id], hold: true });
  console.log('paused', answer.succeeded[0].id);
  try {
    await call('execution.get', { id, nonsense: 1 });
  } catch (error) {
    console.log('refused', `${error.code} ${error.name}: ${error.message}`);
  }
  answer = await call('execution.resume', { ids: [id] });
  console.log('resumed', answer.succeeded[0].id);
  told = onNotification;
  early.forEach((notification) => told(...notification));
}

transport.attach(socket, socket, null);
main();

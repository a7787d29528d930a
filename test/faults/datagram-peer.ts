// A machine of a network lab that sends numbered datagrams, or says of each that it hears which it was and how long it was under way:
//   datagram-peer.ts hear PORT [GROUP]
//   datagram-peer.ts send ADDRESS PORT COUNT PAUSE_MS
import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const bytes = 12;
const [task, ...words] = process.argv.slice(2);
const socket = createSocket('udp4');
const own = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;

if (task === 'hear') {
  const [port, group] = words;
  socket.on('message', (message) => {
    // All machines of a lab have one monotonic clock.
    const tookNs = process.hrtime.bigint() - message.readBigUInt64BE(4);
    console.log(JSON.stringify({ number: message.readUInt32BE(0), tookMs: Number(tookNs) / 1e6 }));
  });
  socket.bind(Number(port), () => {
    if (group !== undefined) socket.addMembership(group, own);
    console.log('hears');
  });
} else {
  const [address = '', port, count, pauseMs] = words;
  await new Promise<void>((resolve) => socket.bind(resolve));
  if (own !== undefined) socket.setMulticastInterface(own);
  for (let number = 0; number < Number(count); number++) {
    const message = Buffer.alloc(bytes);
    message.writeUInt32BE(number, 0);
    message.writeBigUInt64BE(process.hrtime.bigint(), 4);
    await new Promise((resolve) => socket.send(message, Number(port), address, resolve));
    if (Number(pauseMs) > 0) await sleep(Number(pauseMs));
  }
  socket.close();
}

// The air between a controller emulator and an adapter: an H4 stream that is passed on both ways, except for advertising. The emulator reports an
// advertiser once, and at no distance; here it is reported several times a second, as strongly as the test says, like one that lies on a table.
// A band that was talked to when the adapter went notices, as by the supervision timeout of a real link. What else a test wants to be on the air
// it puts there.
import { connect, createServer, type Server, type Socket } from 'node:net';

const eventPacket = 0x04;
const commandPacket = 0x01;
const aclPacket = 0x02;
const leMeta = 0x3e;
const advertisingReport = 0x02;
const connectionComplete = [0x01, 0x0a];
const disconnectionComplete = 0x05;
/** LE Set Scan Enable, opcode 0x200c. */
const setScanEnable = 0x20_0c;
const reset = 0x0c_03;
const disconnect = 0x04_06;
const userEndedConnection = 0x13;
const createConnection = 0x20_0d;
const cancelConnection = 0x20_0e;
/** What a controller says to these where nobody is there: Command Status; Command Complete, LE Connection Complete "unknown connection". */
const startedToConnect = Buffer.from('040f0400010d20', 'hex');
const gaveUpToConnect = Buffer.concat([
  Buffer.from('040e04010e2000', 'hex'),
  Buffer.from('043e130102', 'hex'),
  Buffer.alloc(17),
]);
/** Command Complete, "command disallowed". */
const refusedToGiveUp = Buffer.from('040e04010e200c', 'hex');
const rssiAway = -100;

export interface Air {
  /** How strongly advertisers are heard, in dBm; undefined when they are out of reach. */
  rssi: number | undefined;
  /** Puts one advertising report on the air, if anybody listens; says whether. */
  readonly advertise: (advertisement: {
    readonly address: string;
    readonly data: Uint8Array;
    readonly rssi: number;
    /** ADV_IND (0), ADV_NONCONN_IND (3), SCAN_RSP (4). */
    readonly type?: number;
  }) => boolean;
  readonly isListening: () => boolean;
  /** How often an adapter has been reset: several times whenever it is opened. */
  readonly resets: () => number;
  /** Nobody answers who is connected to: as when an arm is lowered in that moment. */
  isUnreachable: boolean;
  /** The controller goes on connecting, whatever it is told, until it is reset. */
  refusesToGiveUp: boolean;
  /** What becomes of the data that a connected band sends; undefined for what it is. */
  mangle: ((packet: Buffer) => Buffer) | undefined;
  readonly close: () => void;
}

const repeatMs = 50;

/** Adapters connect to the Unix socket `path`; each has a controller of its own behind it. */
export async function openAir(path: string, emulatorPath: string): Promise<Air> {
  const reports = new Map<string, Buffer>();
  let adapter: Socket | undefined;
  let isScanning = false;
  let resets = 0;
  let connected: ReadonlySet<number> = new Set();

  const server: Server = createServer((socket) => {
    const emulator = connect(emulatorPath);
    [adapter, isScanning] = [socket, false];
    reports.clear();
    const connections = new Set<number>();
    connected = connections;
    const dropped = new Set<number>();
    let isGone = false;
    /** Of which the emulator knows nothing: also the end of it, however reachable all are by then, is said here. */
    let isConnectingInVain = false;
    const dropAll = (): void => {
      for (const handle of connections) {
        dropped.add(handle);
        const parameters = [handle & 0xff, handle >> 8, userEndedConnection];
        emulator.write(Buffer.from([commandPacket, disconnect & 0xff, disconnect >> 8, 3, ...parameters]));
      }
      connections.clear();
    };
    /** The emulator hears nothing any more of what was written just before the end. */
    const leave = (): void => {
      if (isGone && dropped.size === 0) emulator.destroy();
    };
    const toEmulator = createPacketSplitter((packet) => {
      const command = packet[0] === commandPacket ? packet.readUInt16LE(1) : undefined;
      if (command === setScanEnable) isScanning = packet[4] === 1;
      if (command === reset) {
        isScanning = false;
        isConnectingInVain = false;
        resets++;
        dropAll();
      }
      if (air.isUnreachable && command === createConnection) {
        isConnectingInVain = true;
        socket.write(startedToConnect);
      } else if (isConnectingInVain && command === cancelConnection) {
        isConnectingInVain = air.refusesToGiveUp;
        socket.write(air.refusesToGiveUp ? refusedToGiveUp : gaveUpToConnect);
      } else emulator.write(packet);
    });
    const toAdapter = createPacketSplitter((packet) => {
      if (packet[0] === eventPacket && packet[1] === disconnectionComplete) {
        const handle = packet.readUInt16LE(4);
        connections.delete(handle);
        if (dropped.delete(handle)) return leave();
      }
      if (packet[0] === eventPacket && packet[1] === leMeta) {
        if (packet[3] === advertisingReport) {
          // Kind of event and address.
          reports.set(packet.toString('hex', 5, 13), packet);
          return;
        }
        if (connectionComplete.includes(packet[3] ?? 0) && packet[4] === 0) connections.add(packet.readUInt16LE(5));
      }
      socket.write(packet[0] === aclPacket && air.mangle !== undefined ? air.mangle(packet) : packet);
    });
    socket.on('data', toEmulator).on('error', () => undefined);
    emulator.on('data', toAdapter).on('error', () => undefined);
    socket.on('close', () => {
      isGone = true;
      dropAll();
      leave();
      if (adapter === socket) [adapter, isScanning] = [undefined, false];
    });
    emulator.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));

  const air: Air = {
    rssi: undefined,
    isUnreachable: false,
    refusesToGiveUp: false,
    mangle: undefined,
    resets: () => resets,
    isListening: () => isScanning && adapter !== undefined,
    advertise: ({ address, data, rssi, type = 0 }) => {
      if (!air.isListening()) return false;
      const report = Buffer.concat([
        Buffer.from([advertisingReport, 1, type, 1]),
        Buffer.from(address.split(':').toReversed().join(''), 'hex'),
        Buffer.from([data.length, ...data, rssi & 0xff]),
      ]);
      adapter?.write(Buffer.concat([Buffer.from([eventPacket, leMeta, report.length]), report]));
      return true;
    },
    close: () => {
      clearInterval(repeating);
      adapter?.destroy();
      server.close();
    },
  };
  const repeating = setInterval(() => {
    // Who is connected to advertises no more.
    if (air.rssi === undefined || !isScanning || connected.size > 0) return;
    for (const packet of reports.values()) {
      const heard = Buffer.from(packet);
      heard.writeInt8(air.rssi ?? rssiAway, heard.length - 1);
      adapter?.write(heard);
    }
  }, repeatMs);
  return air;
}

/** Cuts a stream into H4 packets: Vol 4, Part A, 2 of the Core Specification. */
function createPacketSplitter(onPacket: (packet: Buffer) => void): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (let length = packetLength(held); length <= held.length; length = packetLength(held)) {
      onPacket(held.subarray(0, length));
      held = held.subarray(length);
    }
  };
}

/** Infinity while it cannot be told yet. */
function packetLength(bytes: Buffer): number {
  const [type] = bytes;
  if (type === commandPacket) return bytes.length < 4 ? Infinity : 4 + bytes.readUInt8(3);
  if (type === eventPacket) return bytes.length < 3 ? Infinity : 3 + bytes.readUInt8(2);
  if (type === aclPacket) return bytes.length < 5 ? Infinity : 5 + bytes.readUInt16LE(3);
  if (type === undefined) return Infinity;
  throw new Error(`no H4 packet begins with ${type}`);
}

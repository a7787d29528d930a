// A wristband that can sign: real bleno as its Bluetooth stack, over a device of scripts/lib/bluetooth.ts. It keeps what the band desk writes,
// and misbehaves as it is told.
import { withBindings, type Bleno } from '@stoprocent/bleno';
import { bandProofMessage, sign, type KeyPair } from '@postern/shared';

/** What goes wrong: silence where an answer is due, or one that is not the band's. */
export type Misbehaviour = 'silent-on-read' | 'silent-on-challenge' | 'wrong-signature' | 'short-signature';

export interface Wristband {
  id: Uint8Array;
  credential: Uint8Array;
  misbehaviour: Misbehaviour | undefined;
  /** Challenges that it was asked with. */
  readonly challenges: Uint8Array[];
  readonly connections: () => number;
  readonly close: () => void;
}

export interface WristbandSettings {
  readonly path: string;
  readonly keys: KeyPair;
  readonly ticketId: string;
  readonly id: Uint8Array;
  readonly credential: Uint8Array;
}

const service = 'fff0';
const challengeBytes = 16;

/** Resolves when it advertises and its service can be used. */
export async function startWristband({ path, keys, ticketId, id, credential }: WristbandSettings): Promise<Wristband> {
  const bleno = withBindings('hci', { hciDriver: 'uart', bindParams: { uart: { port: path, baudRate: 1_000_000 } } });
  let connections = 0;
  const band: Wristband = {
    id,
    credential,
    misbehaviour: undefined,
    challenges: [],
    connections: () => connections,
    close: () => bleno.stop(),
  };
  bleno.on('accept', () => connections++);
  let notify: ((data: Buffer) => void) | undefined;

  const { Characteristic, PrimaryService } = bleno;
  const kept = (uuid: string, part: 'id' | 'credential') =>
    new Characteristic({
      uuid,
      properties: ['read', 'write'],
      onReadRequest: (_, offset, callback) => {
        if (band.misbehaviour !== 'silent-on-read')
          callback(Characteristic.RESULT_SUCCESS, Buffer.from(band[part].subarray(offset)));
      },
      onWriteRequest: (_, data, offset, __, callback) => {
        band[part] = Buffer.concat([band[part].subarray(0, offset), data]);
        callback(Characteristic.RESULT_SUCCESS);
      },
    });
  const answer = (asked: Uint8Array): void => {
    const challenge = asked.subarray(0, challengeBytes);
    band.challenges.push(Uint8Array.from(challenge));
    if (band.misbehaviour === 'silent-on-challenge') return;
    const gate = Buffer.from(asked.subarray(challengeBytes)).toString('utf8');
    const signature = sign(keys.secretKey, bandProofMessage(challenge, ticketId, gate));
    if (band.misbehaviour === 'wrong-signature') signature[0] = (signature[0] ?? 0) ^ 1;
    notify?.(Buffer.from(band.misbehaviour === 'short-signature' ? signature.subarray(0, 20) : signature));
  };

  await poweredOn(bleno);
  const advertisement = Buffer.concat([
    Buffer.from([2, 0x01, 0x06]),
    Buffer.from([3 + id.length, 0xff, 0xff, 0xff]),
    id,
    Buffer.from([3, 0x03, 0xf0, 0xff]),
  ]);
  await bleno.setServicesAsync([
    new PrimaryService({
      uuid: service,
      characteristics: [
        kept('fff1', 'credential'),
        new Characteristic({
          uuid: 'fff2',
          properties: ['write'],
          onWriteRequest: (_, data, __, ___, callback) => {
            callback(Characteristic.RESULT_SUCCESS);
            answer(data);
          },
        }),
        new Characteristic({
          uuid: 'fff3',
          properties: ['notify'],
          onSubscribe: (_, __, update) => (notify = update),
          onUnsubscribe: () => (notify = undefined),
        }),
        kept('fff4', 'id'),
        new Characteristic({ uuid: 'fff5', properties: ['read'], value: Buffer.from(keys.publicKey) }),
      ],
    }),
  ]);
  await bleno.startAdvertisingWithEIRDataAsync(advertisement);
  return band;
}

const poweredOn = (bleno: Bleno): Promise<void> =>
  new Promise((resolve) => bleno.on('stateChange', (state) => state === 'poweredOn' && resolve()));

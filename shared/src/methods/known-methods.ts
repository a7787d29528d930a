// Every verification method there is, in order of precedence: what has a prefix of its own before `code`, which takes any text. A gate,
// its dry run and the cloud's central verify ask the same list; a method that is switched off stays in it and is refused by `decide`.
import type { VerificationMethod } from '../gate/ports.ts';
import { bleMethod } from './ble.ts';
import { codeMethod } from './code.ts';
import { dynamicMethod } from './dynamic.ts';
import { faceMethod } from './face.ts';
import { geofenceMethod } from './geofence.ts';
import { nfcMethod } from './nfc.ts';
import { nftMethod } from './nft.ts';
import { pretixMethod } from './pretix.ts';
import { qrMethod } from './qr.ts';

export const knownMethods: readonly VerificationMethod[] = [
  qrMethod,
  dynamicMethod,
  geofenceMethod,
  nftMethod,
  nfcMethod,
  bleMethod,
  faceMethod,
  pretixMethod,
  codeMethod,
];

export const methodById = (id: string): VerificationMethod | undefined =>
  knownMethods.find((method) => method.id === id);

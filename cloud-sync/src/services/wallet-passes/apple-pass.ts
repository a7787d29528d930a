// A ticket as an Apple Wallet pass (.pkpass): pass.json with labels in several languages, pictures, a manifest with the SHA-1 that Apple
// prescribes, and the signature over that.
import { createHash } from 'node:crypto';
import { utf8 } from '@postern/shared';
import type { AppleSigner } from './apple-signer.ts';
import { signDetached } from './cms.ts';
import type { PassLook } from './pass-look.ts';
import { stringsFiles, type PassLabel } from './pass-texts.ts';
import { venueTime } from './venue-time.ts';
import type { WalletPass } from './wallet-pass.ts';
import { zip } from './zip.ts';

export const applePassContentType = 'application/vnd.apple.pkpass';

interface Field {
  readonly key: string;
  readonly label: PassLabel;
  readonly value: string | number;
  readonly [format: string]: string | number | boolean;
}

export async function makeApplePass(
  pass: WalletPass,
  look: PassLook,
  signer: AppleSigner,
  nowMs: number,
): Promise<Uint8Array> {
  const files = new Map<string, Uint8Array>([['pass.json', json(passJson(pass, look, signer))], ...look.images]);
  for (const [path, text] of stringsFiles()) files.set(path, utf8(text));
  const manifest = json(
    Object.fromEntries([...files].map(([path, bytes]) => [path, createHash('sha1').update(bytes).digest('hex')])),
  );
  files.set('manifest.json', manifest);
  files.set('signature', await signDetached(manifest, signer, nowMs));
  return zip(files, nowMs);
}

function passJson(pass: WalletPass, look: PassLook, { passType, team }: AppleSigner): object {
  const { fromS, untilS, timeZone, eventName } = pass;
  const from = fromS === undefined ? undefined : venueTime(fromS, timeZone);
  const until = untilS === undefined ? undefined : venueTime(untilS, timeZone);
  return {
    formatVersion: 1,
    passTypeIdentifier: passType,
    teamIdentifier: team,
    // A pass that is fetched again replaces the one that the phone has.
    serialNumber: pass.ticketId,
    organizationName: look.organisation,
    description: eventName,
    logoText: look.organisation,
    groupingIdentifier: `event-${pass.event}`,
    sharingProhibited: true,
    voided: pass.state !== 'active',
    backgroundColor: rgb(look.background),
    foregroundColor: rgb(look.foreground),
    labelColor: rgb(look.foreground),
    ...(from === undefined ? {} : { relevantDate: from, relevantDates: [{ date: from }] }),
    ...(until === undefined ? {} : { expirationDate: until }),
    ...(pass.locations.length === 0
      ? {}
      : { locations: pass.locations.map(({ lat, lon }) => ({ latitude: lat, longitude: lon })) }),
    barcodes: [
      { format: 'PKBarcodeFormatQR', message: pass.text, messageEncoding: 'iso-8859-1', altText: pass.shortCode },
    ],
    eventTicket: {
      primaryFields: [{ key: 'event', value: eventName }],
      secondaryFields: [...moment('from', 'Admission from', from), ...moment('until', 'Admission until', until)],
      auxiliaryFields: [
        ...field('type', 'Ticket type', pass.typeName === '' ? undefined : pass.typeName),
        ...field('holder', 'Name', pass.holderName),
        ...field('party', 'Persons', pass.party > 1 ? pass.party : undefined),
      ],
      backFields: [
        ...field('code', 'To type in', pass.shortCode),
        {
          key: 'note',
          label: 'Good to know',
          value:
            'A ticket that was cancelled, passed on or issued again is refused at the gate, whatever this pass shows.',
        } satisfies Field & { readonly value: PassLabel },
      ],
    },
  };
}

const field = (key: string, label: PassLabel, value: string | number | undefined): readonly Field[] =>
  value === undefined ? [] : [{ key, label, value }];

/** By the clock of the venue, also on a phone that is still elsewhere. */
const moment = (key: string, label: PassLabel, value: string | undefined): readonly Field[] =>
  value === undefined
    ? []
    : [{ key, label, value, dateStyle: 'PKDateStyleMedium', timeStyle: 'PKDateStyleShort', ignoresTimeZone: true }];

const json = (value: object): Uint8Array => utf8(JSON.stringify(value));

const rgb = (colour: string): string =>
  `rgb(${[1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(', ')})`;

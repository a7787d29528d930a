// `cloud-sync rotate-keys`: shows the keys, lets the next one take over, revokes one in an emergency, lists whose tickets that kills, and
// seals them all under another master key. Every answer says what to do next.
import { err, rotatingPurposeSchema, type KeyView, type Result } from '@postern/shared';
import { defineCommand, type CommandDef } from 'citty';
import type { KeyRotation, Revocation, Rotation } from '../services/key-rotation.ts';
import type { Failure } from '../services/problems.ts';
import type { KeyTicketLists } from '../services/signed-passes.ts';
import { readMasterKeyFile, type VaultError } from '../services/vault.ts';

const reasonCharactersMax = 200;

const keyArguments = {
  data: {
    type: 'string',
    description: 'Folder for keys and feed files (default: beside the database, or ./cloud-data)',
    valueHint: 'DIR',
  },
  database: { type: 'string', description: 'Database (default: cloud.db in the data folder)', valueHint: 'URL' },
  list: { type: 'boolean', description: 'Show the keys' },
  purpose: { type: 'string', description: 'Rotate the key for this: issuer, feed or token', valueHint: 'PURPOSE' },
  force: { type: 'boolean', description: 'Rotate although gates may not have heard of the next key yet' },
  revoke: { type: 'string', description: 'Revoke this key, in an emergency', valueHint: 'KEY' },
  reason: { type: 'string', description: 'Why it is revoked', valueHint: 'TEXT' },
  tickets: {
    type: 'string',
    description: 'CSV of the tickets whose present pass this key has signed',
    valueHint: 'KEY',
  },
  reseal: {
    type: 'string',
    description: 'Seal all keys under the master key in FILE; stop the service first',
    valueHint: 'FILE',
  },
} as const;

/** What the command needs of an opened service. */
interface KeyCloud {
  readonly keyRotation: KeyRotation;
  readonly keyTickets: KeyTicketLists;
  readonly reseal: (masterKey: Uint8Array) => Promise<Result<number, VaultError>>;
}

export interface RotateKeysTools {
  readonly withCloud: (
    args: { readonly data?: string | undefined; readonly database?: string | undefined },
    work: (cloud: KeyCloud) => Promise<void>,
  ) => Promise<void>;
  /** The value, or a message and exit code 2. */
  readonly orExit: <T>(result: Result<T, VaultError | Failure>) => T;
  readonly print: (text: string) => void;
}

export const createRotateKeysCommand = ({
  withCloud,
  orExit,
  print,
}: RotateKeysTools): CommandDef<typeof keyArguments> =>
  defineCommand({
    meta: {
      name: 'rotate-keys',
      description: 'Show, rotate and revoke the keys that sign passes, the feed and tokens',
    },
    args: keyArguments,
    run: async ({ args }) => {
      const wishes = [args.list, args.purpose, args.revoke, args.tickets, args.reseal].filter(
        (wish) => wish !== undefined && wish !== false,
      );
      if (wishes.length !== 1)
        return orExit(
          misused(
            'say one of --list, --purpose issuer|feed|token, --revoke KEY --reason TEXT, --tickets KEY, --reseal FILE.',
          ),
        );
      await withCloud(args, async (cloud) => {
        const { keyRotation, keyTickets } = cloud;
        if (args.purpose !== undefined) {
          const purpose = rotatingPurposeSchema.safeParse(args.purpose);
          if (!purpose.success)
            return orExit(misused(`--purpose must be issuer, feed or token, not "${args.purpose}".`));
          print(rotatedText(orExit(await keyRotation.rotate(purpose.data, { force: args.force === true }))));
        } else if (args.revoke !== undefined) {
          const reason = (args.reason ?? '').trim();
          if (reason === '' || reason.length > reasonCharactersMax)
            return orExit(
              misused(
                `--revoke wants --reason TEXT of at most ${reasonCharactersMax} characters: it stays in the list.`,
              ),
            );
          print(revokedText(orExit(await keyRotation.revoke(args.revoke, reason))));
        } else if (args.tickets !== undefined) {
          const key = orExit(await keyRotation.find(args.tickets));
          for await (const lines of keyTickets.csv(key.keyId)) process.stdout.write(lines);
        } else if (args.reseal !== undefined) {
          const sealed = orExit(await cloud.reseal(orExit(readMasterKeyFile(args.reseal))));
          print(
            `Sealed ${sealed} keys under the master key in ${args.reseal}. From now on start every process with\n` +
              `  POSTERN_CLOUD_MASTER_KEY_FILE=${args.reseal}\n` +
              'The old master key opens only old backups: keep it as long as you keep those, apart from them.',
          );
        } else for (const key of await keyRotation.list()) print(describeKey(key));
      });
    },
  });

const date = (ms: number | undefined): string => (ms === undefined ? '' : new Date(ms).toISOString().slice(0, 16));

const describeKey = (key: KeyView): string =>
  [
    key.purpose.padEnd(6),
    key.keyId,
    key.state.padEnd(7),
    `made ${date(key.createdAtMs)}`,
    ...(key.activatedAtMs === undefined ? [] : [`active from ${date(key.activatedAtMs)}`]),
    ...(key.retiredAtMs === undefined ? [] : [`retired ${date(key.retiredAtMs)}`]),
    ...(key.revokedAtMs === undefined ? [] : [`revoked ${date(key.revokedAtMs)}: ${key.reason ?? ''}`]),
  ].join('  ');

const published = (events: readonly number[]): string =>
  events.length === 0 ? 'No event has a feed yet.' : `Published for event ${events.join(', ')}.`;

function rotatedText({ active, next, retired, publishedEvents }: Rotation): string {
  const kept: Readonly<Record<KeyView['purpose'], string>> = {
    issuer: 'Printed tickets stay valid: passes under the retired key are admitted until you revoke it.',
    feed: 'Gates follow by themselves, also those that are offline now; there is nothing to do at a gate.',
    token: 'Tokens that have been given out stay good until they expire.',
  };
  return (
    `The ${active.purpose} key ${active.keyId} signs from now on; ${retired.keyId} has retired, ${next.keyId} is next.\n` +
    `${published(publishedEvents)} ${kept[active.purpose]}\n` +
    'A service that is running notices within a second.'
  );
}

function revokedText({ revoked, active, publishedEvents, toReissue }: Revocation): string {
  const consequences: Readonly<Record<KeyView['purpose'], string>> = {
    issuer:
      `${toReissue.tickets} tickets have a pass under it, ${toReissue.withoutGoodPass} of them no other one. Gates refuse these\n` +
      'passes as soon as they have the new feed; the short codes printed under them go on working. Next:\n' +
      `  cloud-sync rotate-keys --tickets ${revoked.keyId} > tickets.csv\n` +
      '  send each holder the code anew: GET /api/tickets/{id}/qr.png gives one under the new key\n' +
      '  watch the live page until every gate has the new feed; bring those online that are not',
    feed:
      'Gates that fetch the new feed trust the revoked key no more. One that somebody with the stolen key reaches first\n' +
      'believes him: bring gates online, and enrol those again that refuse the feed (gate-agent status).',
    token: 'Every access token under it is refused; programs and people sign in again.',
  };
  return (
    `The ${revoked.purpose} key ${revoked.keyId} is revoked; ${active.keyId} signs. ${published(publishedEvents)}\n` +
    consequences[revoked.purpose]
  );
}

const misused = (detail: string): Result<never, Failure> => err({ type: 'request-invalid', detail });

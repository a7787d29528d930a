// Every way in of the scripted evening: one entry of the table each. A way makes its ticket ready at the cloud before doors, and is then
// shown at one gate, before the network is cut or while it is. A new method is one more entry; evening.test.ts sees that none is missing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bandReservationSchema,
  base64UrlToBytes,
  bytesToHex,
  concatBytes,
  encodeDynamicPass,
  encodeWalletCode,
  foreignTicketId,
  generateResponseSchema,
  keyPairFromSeed,
  sign,
  stepStartS,
  walletCodeDigest,
  type AuditAction,
  type ClaimResponse,
  type Decision,
  type JobRun,
  type KeyPair,
  type TicketList,
  type TicketResponse,
  type TokenList,
  type TokenView,
  type WalletBound,
} from '@postern/shared';
import { missingAnvil } from '../../scripts/lib/anvil.ts';
import { ntag213, sunTag, type VirtualTag } from '../../scripts/lib/virtual-tags.ts';
import { runCloud } from './cloud-process.ts';
import { waitUntil } from './demo-process.ts';
import {
  happensMsMax,
  pretixKeys,
  sunKeys,
  ticketTypes,
  type Evening,
  type EveningGate,
  type GateId,
  type LaneId,
} from './evening.ts';
import { readySetup } from './face.ts';
import { buildFaceModels, enrolmentOfPerson, filmPerson } from './face-camera.ts';
import { createSigningPhone, doorPosition } from './geofence.ts';
import { missingPrograms } from './not-run.ts';
import { createPhone, makeLink } from './phone.ts';
import { answerChallenge, testWallet, type TestWallet } from './tokens.ts';
import { startWristband } from './wristband.ts';

/** A ticket that is ready for the evening, and how its holder comes in by it. */
export interface Visitor {
  readonly ticketId: string;
  /** Shows it at the gate; what comes back takes it out of sight again. */
  readonly show: (gate: EveningGate) => Promise<(() => Promise<unknown>) | void>;
  /** When the doors are closed. */
  readonly leave?: () => void;
}

export interface Way {
  /** Of the registry. */
  readonly method: string;
  readonly how: string;
  readonly lane: LaneId;
  readonly gate: GateId;
  readonly when: 'before' | 'cut';
  readonly prepare: (evening: Evening) => Promise<Visitor>;
  /** What the gate says: with which proof it lets them in. */
  readonly claim: Partial<NonNullable<Decision['claim']>>;
  /** The gate asks for more than what was shown, and waits for that. */
  readonly waits?: true;
  /** As the mark names it, where that is more than the claim's method. */
  readonly marked?: string;
  /** What it shows is another one by the time that it could be shown again. */
  readonly rotates?: true;
  /** Why it cannot be tried on this machine, beside its lane. */
  readonly missing?: string | undefined;
  /** What must come true of it once the network is back. */
  readonly settled?: (evening: Evening, visitor: Visitor) => Promise<boolean>;
  /** What preparing it leaves in the audit log about the ticket, beside that it was made. */
  readonly audited?: AuditAction;
}

const typed =
  (text: string | (() => string)): Visitor['show'] =>
  async (gate) =>
    gate.type(typeof text === 'string' ? text : text());

const tapped =
  (tag: VirtualTag, { pcscd }: Evening): Visitor['show'] =>
  async (gate) =>
    (await pcscd?.tap(tag, gate.id === 'gate-a' ? 0 : 1))?.remove;

async function generate(
  { access }: Evening,
  { id }: TicketResponse,
  method: string,
  options: object,
): Promise<Readonly<Record<string, string | number>>> {
  const made = await access.json('POST', `/api/tickets/${id}/methods/${method}/generate`, options);
  return generateResponseSchema.parse(made).payload;
}

/** A band that a supplier has encoded: known by its id, and never written. */
async function bindBand({ access }: Evening, { id }: TicketResponse, uid: string): Promise<void> {
  const bands = `/api/tickets/${id}/bands`;
  const { band } = bandReservationSchema.parse(
    await access.json('POST', bands, { method: 'nfc', uid, writable: false }),
  );
  await access.json('POST', `${bands}/${band}/confirm`, {});
}

/** Runs background work to its end, as an administrator asks for it; where it is under way already, whoever waits looks again. */
async function runJob({ access }: Evening, kind: string): Promise<void> {
  const started = await access.api('POST', '/admin/jobs/runs', { kind });
  const answer = (await started.json()) as JobRun & { readonly type?: string };
  if (started.status === 409 && answer.type === 'job-running') return;
  if (started.status !== 202) throw new Error(`${kind}: ${JSON.stringify(answer)}`);
  const hasEnded = async (): Promise<boolean> =>
    (await access.json<JobRun>('GET', `/admin/jobs/runs/${answer.id}`)).endedAtMs !== undefined;
  if (!(await waitUntil(hasEnded, happensMsMax))) throw new Error(`${kind} does not end`);
}

const tokenOf = async ({ access }: Evening, ticketId: string): Promise<TokenView | undefined> =>
  (await access.json<TokenList>('GET', `/api/tickets/${ticketId}/nft`)).tokens[0];

/** A ticket whose token is on the chain, so deep that it is believed, and the wallet that holds it. */
async function mint(evening: Evening): Promise<{ readonly ticket: TicketResponse; readonly token: bigint }> {
  const ticket = await evening.issue();
  await generate(evening, ticket, 'nft', { wallet: visitorWallet().address });
  /** What is done for another ticket takes this one along. */
  const isAt = (states: readonly TokenView['state'][], job: string) => async (): Promise<boolean> => {
    await runJob(evening, job);
    const token = await tokenOf(evening, ticket.id);
    return token !== undefined && states.includes(token.state);
  };
  if (!(await waitUntil(isAt(['mined', 'confirmed'], 'nft-transactions'), happensMsMax))) throw new Error('not minted');
  await evening.chain?.mine(2);
  if (!(await waitUntil(isAt(['confirmed'], 'nft-mirror'), happensMsMax))) throw new Error('not confirmed');
  return { ticket, token: BigInt((await tokenOf(evening, ticket.id))?.token ?? 0) };
}

/** Once the marks are there the chain is told of the use. */
const isConsumed: Way['settled'] = async (evening, { ticketId }) => {
  await runJob(evening, 'nft-transactions');
  await evening.chain?.mine(2);
  await runJob(evening, 'nft-mirror');
  return (await tokenOf(evening, ticketId))?.consumed === true;
};

const visitorWallet = (): TestWallet => testWallet(31);

/** As pretix signs it: a seed (field 1) that makes it one of many, and item 1 (field 2). */
function pretixSecret(seed: number, keys: KeyPair = pretixKeys()): string {
  const payload = Uint8Array.of(0x0a, 1, 0x40 + seed, 0x10, 1);
  const bytes = concatBytes(Uint8Array.of(1, 0, payload.length, 0, 64), payload, sign(keys.secretKey, payload));
  return [...Buffer.from(bytes).toString('base64')].toReversed().join('');
}

export const ways: readonly Way[] = [
  {
    method: 'qr',
    how: 'the code on paper',
    lane: 'door',
    gate: 'gate-a',
    when: 'before',
    prepare: async ({ issue }) => {
      const { id, text = '' } = await issue();
      return { ticketId: id, show: typed(text) };
    },
    claim: { assurance: 'signed' },
  },
  {
    method: 'code',
    how: 'its short form, typed',
    lane: 'door',
    gate: 'gate-b',
    when: 'before',
    prepare: async ({ issue }) => {
      const { id, shortCode = '' } = await issue();
      return { ticketId: id, show: typed(shortCode) };
    },
    claim: { assurance: 'looked-up' },
  },
  {
    method: 'code',
    how: 'out of the CSV of a box office',
    lane: 'door',
    gate: 'gate-a',
    when: 'cut',
    prepare: async ({ access, event, database, folder }) => {
      const [file, code] = [join(folder, 'sold.csv'), 'BOX-OFFICE-4711'];
      writeFileSync(file, `code,type\n${code},Standing\n`);
      const imported = await runCloud('import', file, '--event', String(event), '--database', database).ended;
      if (imported.code !== 0) throw new Error(imported.errors);
      const found = await access.json<TicketList>('GET', `/api/tickets?event=${event}&search=${code}`);
      return { ticketId: found.tickets[0]?.id ?? '', show: typed(code) };
    },
    claim: { assurance: 'looked-up' },
  },
  {
    method: 'dynamic',
    how: 'a phone that makes a new code every 15 s',
    lane: 'door',
    gate: 'gate-b',
    when: 'cut',
    prepare: async ({ access, issue }) => {
      const { id } = await issue();
      const phone = createPhone(access);
      const claimed = await phone.claim((await makeLink(access, id)).link);
      const holding = (await claimed.json()) as ClaimResponse;
      return { ticketId: id, show: typed(() => phone.code(holding, Date.now())) };
    },
    claim: { assurance: 'signed' },
    rotates: true,
    audited: 'ticket-claimed',
  },
  {
    method: 'nfc',
    how: 'a tag with a pass of its own',
    lane: 'nfc',
    gate: 'gate-a',
    when: 'before',
    prepare: async (evening) => {
      const [ticket, uid] = [await evening.issue(), '04ee0000000001'];
      const { ndef = '' } = await generate(evening, ticket, 'nfc', { uid });
      return {
        ticketId: ticket.id,
        show: tapped(ntag213({ uid, ndef: base64UrlToBytes(String(ndef)) ?? new Uint8Array(0) }), evening),
      };
    },
    claim: { assurance: 'signed' },
    audited: 'generate',
  },
  {
    method: 'nfc',
    how: 'a supplier’s tag, by its UID',
    lane: 'nfc',
    gate: 'gate-b',
    when: 'cut',
    prepare: async (evening) => {
      const [ticket, uid] = [await evening.issue(), '04ee0000000002'];
      await bindBand(evening, ticket, uid);
      return { ticketId: ticket.id, show: tapped(ntag213({ uid }), evening) };
    },
    claim: { assurance: 'looked-up' },
    audited: 'band-bound',
  },
  {
    method: 'nfc',
    how: 'a tag that counts and signs (SUN)',
    lane: 'nfc',
    gate: 'gate-a',
    when: 'cut',
    prepare: async (evening) => {
      const [ticket, uid] = [await evening.issue({ type: ticketTypes.vip }), '04ee0000000003'];
      await bindBand(evening, ticket, uid);
      return { ticketId: ticket.id, show: tapped(sunTag({ uid, keys: sunKeys, firstCounter: 7 }), evening) };
    },
    claim: { assurance: 'signed' },
    audited: 'band-bound',
  },
  {
    method: 'nfc',
    how: 'a band that the desk of the gate gives out while the network is cut',
    lane: 'nfc',
    gate: 'gate-b',
    when: 'cut',
    prepare: async (evening) => {
      const [{ id, text }, uid] = [await evening.issue(), '04ee0000000004'];
      return {
        ticketId: id,
        show: async (gate) => {
          const bound = await gate.act(evening.staff.steward, { type: 'bind-band', medium: 'nfc', id: uid, text });
          if (bound.status !== 200) throw new Error(JSON.stringify(bound.body));
          return tapped(ntag213({ uid }), evening)(gate);
        },
      };
    },
    claim: { assurance: 'looked-up' },
  },
  {
    method: 'ble',
    how: 'a wristband that answers a challenge',
    lane: 'ble',
    gate: 'gate-a',
    when: 'cut',
    prepare: async (evening) => {
      const [ticket, id] = [await evening.issue({ type: ticketTypes.vip }), Buffer.from('57421a2b3c4d5e6f', 'hex')];
      const keys = keyPairFromSeed(new Uint8Array(32).fill(9));
      const { pass = '' } = await generate(evening, ticket, 'ble', {
        uid: bytesToHex(id),
        key: bytesToHex(keys.publicKey),
      });
      const { bluetooth } = evening;
      if (bluetooth === undefined) throw new Error('no Bluetooth');
      const band = await startWristband({
        path: await bluetooth.openBandDevice('band'),
        keys,
        ticketId: ticket.id,
        id,
        credential: base64UrlToBytes(String(pass)) ?? new Uint8Array(0),
      });
      const hold = (rssi: number | undefined): void => {
        bluetooth.air.rssi = rssi;
      };
      return {
        ticketId: ticket.id,
        show: async () => {
          hold(-40);
          return async () => hold(undefined);
        },
        leave: band.close,
      };
    },
    claim: { assurance: 'challenged' },
    audited: 'generate',
  },
  {
    method: 'geofence',
    how: 'a phone before the door, and the short code of a VIP',
    lane: 'door',
    gate: 'gate-b',
    when: 'cut',
    prepare: async ({ access, issue }) => {
      const { id, shortCode = '' } = await issue({ type: ticketTypes.vip });
      const phone = await createSigningPhone(access, id);
      const nowS = Math.floor(Date.now() / 1_000);
      const fixes = [nowS - 30, nowS].map((atS) => ({ atS, ...doorPosition, accuracyM: 8 }));
      const { body } = await phone.send(fixes, 1);
      if (body.state !== 'present') throw new Error(JSON.stringify(body));
      return { ticketId: id, show: typed(shortCode) };
    },
    claim: { method: 'code', assurance: 'looked-up' },
    audited: 'generate',
  },
  {
    method: 'face',
    how: 'a season ticket, and the face that was enrolled for it',
    lane: 'door',
    gate: 'gate-a',
    when: 'cut',
    missing: missingPrograms('ffmpeg'),
    prepare: async ({ access, event, film, issue }) => {
      const { id, text = '' } = await issue({ type: ticketTypes.season });
      await Promise.all([buildFaceModels(), filmPerson('dora', film)]);
      await access.json('PUT', `/api/events/${event}/deadlines`, { endsAtMs: Date.now() + 3_600_000 });
      await access.json('PUT', `/api/events/${event}/face`, { ...readySetup, lookS: 30 });
      await access.json('POST', `/api/tickets/${id}/face`, await enrolmentOfPerson('dora'));
      return { ticketId: id, show: typed(text) };
    },
    claim: { method: 'qr', assurance: 'signed' },
    waits: true,
    marked: 'qr+face',
    audited: 'face-enrolled',
  },
  {
    method: 'pretix',
    how: 'signed by pretix, and in the ticket list',
    lane: 'door',
    gate: 'gate-a',
    when: 'before',
    prepare: async ({ issue }) => {
      const secret = pretixSecret(1);
      const { id } = await issue({ code: secret });
      return { ticketId: id, show: typed(secret) };
    },
    claim: { assurance: 'signed' },
  },
  {
    method: 'pretix',
    how: 'signed by pretix, sold after the last list',
    lane: 'door',
    gate: 'gate-b',
    when: 'cut',
    prepare: async ({ event }) => {
      const secret = pretixSecret(2);
      return { ticketId: foreignTicketId(event, secret), show: typed(secret) };
    },
    claim: { assurance: 'signed' },
  },
  {
    method: 'nft',
    how: 'a wallet that signs the time, as the owner of a token',
    lane: 'door',
    gate: 'gate-a',
    when: 'cut',
    missing: missingAnvil(),
    prepare: async (evening) => {
      const { ticket, token: tokenId } = await mint(evening);
      const { event, chain } = evening;
      if (chain === undefined) throw new Error('no chain');
      const { chainId } = chain.settings;
      const show = (): string => {
        const said = { event, chainId, contract: chain.contract, tokenId, issuedAtS: stepStartS(Date.now()) };
        const signature = visitorWallet().sign(walletCodeDigest(said, 'text'));
        return encodeWalletCode({ ...said, form: 'text', signature });
      };
      return { ticketId: ticket.id, show: typed(show) };
    },
    claim: { assurance: 'signed' },
    rotates: true,
    settled: isConsumed,
    audited: 'generate',
  },
  {
    method: 'nft',
    how: 'a phone that a wallet has named',
    lane: 'door',
    gate: 'gate-b',
    when: 'cut',
    missing: missingAnvil(),
    prepare: async (evening) => {
      const { ticket, token: tokenId } = await mint(evening);
      const { access, event } = evening;
      const keys = keyPairFromSeed(new Uint8Array(32).fill(32));
      const named = await answerChallenge(access, event, {
        wallet: visitorWallet(),
        tokenId,
        holderKey: bytesToHex(keys.publicKey),
      });
      const bound = await access.json<WalletBound>('POST', `/api/events/${event}/wallet-bindings`, named);
      const pass = base64UrlToBytes(bound.payload.holderPass) ?? new Uint8Array(0);
      return { ticketId: ticket.id, show: typed(() => encodeDynamicPass(pass, keys, Date.now() / 1_000)) };
    },
    claim: { method: 'dynamic', assurance: 'signed' },
    rotates: true,
    settled: isConsumed,
    audited: 'wallet-bound',
  },
];

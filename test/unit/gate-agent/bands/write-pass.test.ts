// Goal: a pass gets onto a band or the desk says why not, whatever the band and the cloud do; what somebody else has written stays, nothing of
// a false cloud gets onto a tag, and a question that is asked twice is one piece of work.
import { describe, expect, test } from 'vitest';
import {
  bytesToHex,
  encodeNdef,
  err,
  ndefExternal,
  ndefPassType,
  ndefUriRecord,
  ok,
  utf8,
  type Result,
} from '@postern/shared';
import { createCloudDesk } from '../../../../gate-agent/src/bands/cloud-desk.ts';
import { bleBands } from '../../../../gate-agent/src/bands/next-band.ts';
import { passOnBand, passOnTag, type NoPass, type PassPort } from '../../../../gate-agent/src/bands/pass-port.ts';
import { createWritePass, foreseeByCloud } from '../../../../gate-agent/src/bands/write-pass.ts';
import type { TagError } from '../../../../gate-agent/src/readers/nfc-apdu.ts';
import type { BandPort } from '../../../../gate-agent/src/readers/ble-band.ts';
import { createManualClock, silentLogger } from '../../../support/readers.ts';

const id = Uint8Array.of(4, 1, 2, 3, 4, 5, 6);
const tagHash = 'ab'.repeat(16);
const ticketId = '0190a2b4c6d87e8f9a0b1c2d3e4f5061';
const pass = encodeNdef([{ format: ndefExternal, type: ndefPassType, payload: utf8('a pass') }]);
const foreign = encodeNdef([ndefUriRecord('https://example.org/')]);
const by = { operator: 'steward1', role: 'steward' } as const;
const never = new AbortController().signal;

interface Asked {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

/** A cloud that answers by the last part of the path; a status alone is a problem of that status. */
function createCloud(answers: Record<string, () => object | number | undefined> = {}) {
  const asked: Asked[] = [];
  let isAway = false;
  const clock = createManualClock();
  const good: Record<string, () => object | number | undefined> = {
    bands: () => ({ band: tagHash, ticket: ticketId, method: 'nfc', writable: true, expiresAtMs: 1 }),
    write: () => ({ band: tagHash, write: bytesToHex(pass), bytes: pass.length }),
    written: () => undefined,
    ...answers,
  };
  const desk = createCloudDesk({
    url: 'https://cloud.test',
    clock,
    fetch: async (url, { body = new Uint8Array(0) }) => {
      const path = new URL(url).pathname;
      asked.push({ path, body: JSON.parse(Buffer.from(body).toString()) as Record<string, unknown> });
      if (isAway) throw new TypeError('fetch failed');
      const answer = good[path.split('/').at(-1) ?? '']?.();
      if (answer === undefined) return new Response(null, { status: 204 });
      const status = typeof answer === 'number' ? answer : 'status' in answer ? Number(answer.status) : 200;
      return new Response(typeof answer === 'number' ? 'bad gateway' : JSON.stringify(answer), { status });
    },
  });
  const steps = (): readonly string[] => asked.map(({ path }) => path.split('/').at(-1) ?? '');
  return { desk, asked, steps, clock, goAway: () => void (isAway = true), comeBack: () => void (isAway = false) };
}
const problem = (type: string, status = 409): object => ({ type, title: type, status });

/** A tag in memory. */
function createTag(content?: Uint8Array, room: Result<number, TagError> = ok(142)) {
  const tag = { content, tear: undefined as TagError | undefined };
  const port = passOnTag({
    roomForNdef: async () => room,
    readNdef: async () => ok(tag.content),
    writeNdef: async (message) => {
      if (tag.tear !== undefined) return err(tag.tear);
      tag.content = Uint8Array.from(message);
      return ok(undefined);
    },
  });
  return { tag, port };
}

function createDesk(
  port: PassPort | undefined,
  cloud: ReturnType<typeof createCloud> | 'none' = createCloud(),
  { mayWrite = true, needsPass = false } = {},
) {
  const write = createWritePass({
    port: () => port,
    cloud: cloud === 'none' ? undefined : cloud.desk,
    about: () => ({ tagHash, needsPass }),
    mayWrite,
    logger: silentLogger,
    signal: never,
  });
  return (overwrite = false): Promise<Result<void, NoPass>> => write({ ticketId, medium: 'nfc', id, by, overwrite });
}
const typeOf = (outcome: Result<void, NoPass>): string => (outcome.ok ? 'written' : outcome.error.type);

describe('a pass', () => {
  test('is made by the cloud, written, read back and reported, for the person at the desk', async () => {
    const cloud = createCloud();
    const { tag, port } = createTag();
    expect(typeOf(await createDesk(port, cloud)())).toBe('written');
    expect(tag.content).toEqual(pass);
    expect(cloud.asked).toEqual([
      {
        path: `/gate/tickets/${ticketId}/bands/${tagHash}/write`,
        body: { operator: by.operator, uid: bytesToHex(id) },
      },
      {
        path: `/gate/tickets/${ticketId}/bands/${tagHash}/written`,
        body: { operator: by.operator, read: bytesToHex(pass) },
      },
    ]);
  });

  test('replaces one of ours, of whatever ticket', async () => {
    const old = encodeNdef([{ format: ndefExternal, type: ndefPassType, payload: utf8('another') }]);
    const { tag, port } = createTag(old);
    expect(typeOf(await createDesk(port)())).toBe('written');
    expect(tag.content).toEqual(pass);
  });

  test('is asked for once more where the band was linked without the cloud', async () => {
    let isKept = false;
    const cloud = createCloud({
      bands: () => {
        isKept = true;
        return { band: tagHash, ticket: ticketId, method: 'nfc', writable: true, expiresAtMs: 1 };
      },
      write: () =>
        isKept ? { band: tagHash, write: bytesToHex(pass), bytes: pass.length } : problem('reservation-gone'),
    });
    expect(typeOf(await createDesk(createTag().port, cloud)())).toBe('written');
    expect(cloud.steps()).toEqual(['write', 'bands', 'write', 'written']);
  });

  test('counts as written when only the last word to the cloud is lost', async () => {
    const cloud = createCloud({ written: () => 502 });
    expect(typeOf(await createDesk(createTag().port, cloud)())).toBe('written');
  });

  test('asked for twice at once is one piece of work', async () => {
    const cloud = createCloud();
    const desk = createDesk(createTag().port, cloud);
    expect(await Promise.all([desk(), desk()])).toMatchObject([{ ok: true }, { ok: true }]);
    expect(cloud.steps()).toEqual(['write', 'written']);
  });
});

describe('no pass', () => {
  test.each<readonly [NoPass['type'], TagError]>([
    ['band-gone', { type: 'tag-gone' }],
    ['band-locked', { type: 'tag-refused', status: '6300' }],
    ['band-too-small', { type: 'tag-too-small', bytesMax: 46 }],
    ['band-failed', { type: 'tag-malformed', cause: 'nonsense' }],
  ])('%s while it is written; then it can be tried again', async (why, tear) => {
    const { tag, port } = createTag();
    const desk = createDesk(port);
    tag.tear = tear;
    expect(typeOf(await desk())).toBe(why);
    tag.tear = undefined;
    expect(typeOf(await desk())).toBe('written');
  });

  test.each<readonly [NoPass['type'], Result<number, TagError>]>([
    ['band-locked', err({ type: 'tag-read-only' })],
    ['band-takes-no-pass', err({ type: 'tag-unknown' })],
    ['band-gone', err({ type: 'tag-gone' })],
  ])('%s before the cloud is asked', async (why, room) => {
    const cloud = createCloud();
    expect(typeOf(await createDesk(createTag(undefined, room).port, cloud)())).toBe(why);
    expect(cloud.asked).toEqual([]);
  });

  test('onto a band that is not in hand any more', async () => {
    expect(typeOf(await createDesk(undefined)())).toBe('band-gone');
  });

  test.each([
    ['a web address', foreign],
    ['something that nobody can read', Uint8Array.of(0xd1, 9, 9)],
    [
      'ours and something else',
      encodeNdef([{ format: ndefExternal, type: ndefPassType, payload: pass }, ndefUriRecord('https://example.org')]),
    ],
  ])('over %s, unless a person says so', async (_what, content) => {
    const { tag, port } = createTag(content);
    const desk = createDesk(port);
    expect(typeOf(await desk())).toBe('band-holds-other');
    expect(tag.content).toBe(content);
    expect(typeOf(await desk(true))).toBe('written');
    expect(tag.content).toEqual(pass);
  });

  test('over a message that the tag signs itself, whoever says so', async () => {
    const sun = encodeNdef([ndefUriRecord(`https://example.org/?picc_data=${'0'.repeat(32)}&cmac=${'0'.repeat(16)}`)]);
    const { tag, port } = createTag(sun);
    for (const overwrite of [false, true]) expect(typeOf(await createDesk(port)(overwrite))).toBe('band-proves-itself');
    expect(tag.content).toBe(sun);
  });

  test('from a cloud that wants something else on the tag', async () => {
    const cloud = createCloud({ write: () => ({ band: tagHash, write: bytesToHex(foreign), bytes: foreign.length }) });
    const { tag, port } = createTag();
    expect(typeOf(await createDesk(port, cloud)())).toBe('cloud-refused');
    expect(tag.content).toBeUndefined();
  });

  test('where the band says something else than what was written', async () => {
    const { port } = createTag();
    const forgetful: PassPort = { ...port, readBack: async () => ok(Uint8Array.of(1)) };
    const cloud = createCloud();
    expect(typeOf(await createDesk(forgetful, cloud)())).toBe('band-differs');
    expect(cloud.steps()).toEqual(['write']);
  });

  test.each<readonly [NoPass['type'], string]>([
    ['band-by-number', 'band-not-writable'],
    ['band-takes-no-pass', 'nothing-to-generate'],
    ['band-elsewhere', 'band-bound'],
    ['band-elsewhere', 'band-reserved'],
    ['cloud-refused', 'method-off'],
    ['cloud-refused', 'constructor'],
  ])('%s when the cloud says %s', async (why, type) => {
    const cloud = createCloud({ write: () => problem(type) });
    expect(typeOf(await createDesk(createTag().port, cloud)())).toBe(why);
  });

  test('on a band of a cashless supplier', async () => {
    const cloud = createCloud();
    expect(typeOf(await createDesk(createTag().port, cloud, { mayWrite: false })())).toBe('band-by-number');
    expect(cloud.asked).toEqual([]);
  });

  test('without a cloud, and it is said where the ticket is refused without', async () => {
    const cloud = createCloud();
    cloud.goAway();
    expect(await createDesk(createTag().port, cloud, { needsPass: true })()).toMatchObject({
      error: { type: 'cloud-unreachable', isNeeded: true },
    });
    expect(await createDesk(createTag().port, 'none')()).toMatchObject({
      error: { type: 'cloud-unreachable', isNeeded: false },
    });
  });
});

describe('a cloud that does not answer', () => {
  test.each([
    ['is away', (cloud: ReturnType<typeof createCloud>) => cloud.goAway()],
    ['has a proxy that says so', () => undefined],
  ])('%s: it is left alone for some seconds, then asked again', async (_how, fail) => {
    const cloud = createCloud({ write: () => 502 });
    fail(cloud);
    const desk = createDesk(createTag().port, cloud);
    for (let times = 0; times < 3; times++) expect(typeOf(await desk())).toBe('cloud-unreachable');
    expect(cloud.asked).toHaveLength(1);
    cloud.clock.advance(5_000);
    await desk();
    expect(cloud.asked).toHaveLength(2);
  });

  test('nor says anything that can be read: hostile answers are bounded and come to nothing', async () => {
    for (const answer of [{}, { band: tagHash, write: 'zz', bytes: 1 }, { x: 'a'.repeat(20_000) }]) {
      const { tag, port } = createTag();
      expect(typeOf(await createDesk(port, createCloud({ write: () => answer }))())).toBe('cloud-unreachable');
      expect(tag.content).toBeUndefined();
    }
  });
});

describe('before a band is linked', () => {
  const asked = {
    ticket: { id: ticketId, party: 2 },
    medium: 'nfc',
    id,
    by,
    lost: undefined,
    takesOver: false,
  } as const;
  const foresee = (type: string | undefined, more: object = {}) => {
    const cloud = createCloud(type === undefined ? {} : { bands: () => problem(type) });
    const about = { ...asked, ...more } as unknown as Parameters<ReturnType<typeof foreseeByCloud>>[0];
    return foreseeByCloud(cloud.desk, true)(about, never).then((error) => ({ error, cloud }));
  };

  test.each([
    ['band-bound', { type: 'band-of-another-ticket' }],
    ['band-reserved', { type: 'band-reserved' }],
    ['bands-too-many', { type: 'ticket-has-its-bands', bands: 2 }],
    ['role-too-low', { type: 'role-too-low' }],
    ['method-off', undefined],
    [undefined, undefined],
  ])('%s at the cloud is %o at the desk', async (type, expected) => {
    expect((await foresee(type)).error).toEqual(expected);
  });

  test('it is said whether it is taken over, and whose place it takes', async () => {
    const { cloud } = await foresee(undefined, { lost: 'cd'.repeat(16), takesOver: true });
    expect(cloud.asked[0]?.body).toEqual({
      operator: by.operator,
      method: 'nfc',
      uid: bytesToHex(id),
      replace: true,
      writable: true,
      instead: 'cd'.repeat(16),
    });
  });
});

describe('a wristband', () => {
  const createBand = (fields: Partial<BandPort> = {}) => {
    const kept = { id: Uint8Array.of(7), credential: new Uint8Array(0) };
    const band: BandPort = {
      id: kept.id,
      canAnswer: true,
      key: async () => ok(new Uint8Array(32).fill(5)),
      write: async (newId, credential) => {
        Object.assign(kept, { id: newId, credential });
        return ok(undefined);
      },
      readBack: async () => ok(kept),
      ...fields,
    };
    return { band, kept };
  };

  test('gets a pass for its key; one without a key, or that only advertises, takes none', async () => {
    const cloud = createCloud();
    const { band, kept } = createBand();
    expect(typeOf(await createDesk(passOnBand(band), cloud)())).toBe('written');
    expect(cloud.asked[0]?.body).toMatchObject({ key: '05'.repeat(32) });
    expect(kept).toEqual({ id: Uint8Array.of(7), credential: pass });
    for (const fields of [{ key: async () => ok(undefined) }, { canAnswer: false }])
      expect(typeOf(await createDesk(passOnBand(createBand(fields).band))())).toBe('band-takes-no-pass');
  });

  test('that does not answer, or answers for another one, has none', async () => {
    const failed = err({ type: 'band-failed', cause: 'gone' } as const);
    for (const fields of [{ key: async () => failed }, { write: async () => failed }, { readBack: async () => failed }])
      expect(typeOf(await createDesk(passOnBand(createBand(fields).band))())).toBe('band-failed');
    const another = createBand({ readBack: async () => ok({ id: Uint8Array.of(8), credential: pass }) });
    expect(typeOf(await createDesk(passOnBand(another.band))())).toBe('band-differs');
  });

  test('that is blank gets an id first, which it has to say again; else the next one is waited for', async () => {
    const blank = createBand({ id: new Uint8Array(0) });
    const stubborn = createBand({ id: new Uint8Array(0), write: async () => ok(undefined) });
    const queue = [createBand({ id: new Uint8Array(0), canAnswer: false }).band, stubborn.band, blank.band];
    const take = bleBands(
      { nextBand: async () => queue.shift() },
      { random: (bytes) => new Uint8Array(bytes).fill(9), logger: silentLogger },
    );
    const held = await take(never);
    expect(held).toMatchObject({ medium: 'ble', id: new Uint8Array(8).fill(9) });
    expect(blank.kept).toEqual({ id: new Uint8Array(8).fill(9), credential: new Uint8Array(0) });
    expect(await take(never)).toBeUndefined();
  });
});

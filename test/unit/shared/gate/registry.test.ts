import {
  createMethodRegistry,
  err,
  lookupMissRules,
  ok,
  type Claim,
  type Logger,
  type Lookups,
  type TextPresentation,
  type VerificationMethod,
} from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../../support/lane-rig.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const lookups: Lookups = {
  issuerKey: () => undefined,
  ticketByCode: () => undefined,
  ticketByShortCode: () => undefined,
  tag: () => ({ type: 'unbound' }),
  event: 7,
};
const signal = new AbortController().signal;
const presentation = (
  text: string,
  medium: TextPresentation['medium'] = 'optical',
  readerId = 'camera',
): TextPresentation => ({
  medium,
  text,
  readerId,
  seenAtMs: 0,
});

const claimBy = (method: string, assurance: Claim['assurance']): Claim => ({
  method,
  event: 7,
  ticketId: '0'.repeat(32),
  epoch: 0,
  assurance,
});
const generate: VerificationMethod['generate'] = async () => err({ type: 'nothing-to-generate' });
const pass: VerificationMethod = {
  id: 'pass',
  assurance: 'signed',
  generates: false,
  accepts: ({ text }) => text.startsWith('PN1:'),
  verify: async () => ok(claimBy('pass', 'signed')),
  generate,
};
const code: VerificationMethod = {
  id: 'code',
  assurance: 'looked-up',
  generates: false,
  accepts: ({ text }) => !text.startsWith('http'),
  verify: async ({ text }) => (text === 'known' ? ok(claimBy('code', 'looked-up')) : err({ type: 'code-unknown' })),
  generate,
};

const createRegistry = (methods: readonly VerificationMethod[], logger: Logger = silentLogger) => {
  const time = createVirtualTime();
  const registry = createMethodRegistry({ methods, lookups, clock: time.clock, logger });
  return {
    time,
    verify: (...fields: Parameters<typeof presentation>) => registry.verify(presentation(...fields), signal),
  };
};

describe('which method answers', () => {
  test('the first that accepts', async () => {
    const { verify } = createRegistry([pass, code]);
    expect(await verify('PN1:…')).toMatchObject({ value: { method: 'pass' } });
    expect(await verify('known')).toMatchObject({ value: { method: 'code' } });
    const other = createRegistry([code, pass]);
    expect(await other.verify('PN1:…')).toMatchObject({ error: { type: 'code-unknown' } });
  });

  test('its refusal is final: no later method is asked', async () => {
    const strict: VerificationMethod = { ...pass, verify: async () => err({ type: 'signature-invalid' }) };
    const { verify } = createRegistry([strict, { ...code, verify: async () => ok(claimBy('code', 'looked-up')) }]);
    expect(await verify('PN1:…')).toMatchObject({ error: { type: 'signature-invalid' } });
  });

  test('when none accepts it is not a ticket', async () => {
    expect(await createRegistry([pass, code]).verify('https://example.org')).toMatchObject({
      error: { type: 'not-a-ticket' },
    });
  });

  test('a method that throws refuses this one presentation and is logged without its text', async () => {
    const logged: string[] = [];
    const throwing: VerificationMethod = {
      ...pass,
      verify: async () => {
        throw new Error('index out of range');
      },
    };
    const { verify } = createRegistry([throwing], {
      ...silentLogger,
      error: (fields) => void logged.push(JSON.stringify(fields)),
    });
    expect(await verify('PN1:SECRET')).toMatchObject({ error: { type: 'malformed' } });
    expect(logged.join()).toContain('index out of range');
    expect(logged.join()).not.toContain('SECRET');
  });

  test('a method that throws while it looks at a presentation leaves it to the next one', async () => {
    const { verify } = createRegistry([
      {
        ...pass,
        accepts: () => {
          throw new Error('bug');
        },
      },
      code,
    ]);
    expect(await verify('known')).toMatchObject({ value: { method: 'code' } });
  });
});

describe('guessing at looked-up codes', () => {
  test.each(['optical', 'typed'] as const)(
    'after so many misses an %s reader may not look up any more, not even right ones, until the window has passed',
    async (medium) => {
      const { time, verify } = createRegistry([pass, code]);
      const { missesMax, windowMs } = lookupMissRules[medium];
      for (let n = 0; n < missesMax; n++) {
        expect(await verify(`guess ${n}`, medium)).toMatchObject({ error: { type: 'code-unknown' } });
        await time.advance(10);
      }
      expect(await verify('one more', medium)).toMatchObject({ error: { type: 'too-many-attempts' } });
      expect(await verify('known', medium)).toMatchObject({ error: { type: 'too-many-attempts' } });
      await time.advance(windowMs);
      expect(await verify('known', medium)).toMatchObject({ ok: true });
    },
  );

  test('signed passes and other readers are not slowed down', async () => {
    const { verify } = createRegistry([pass, code]);
    for (let n = 0; n <= lookupMissRules.typed.missesMax; n++) await verify(`guess ${n}`, 'typed', 'keyboard');
    expect(await verify('PN1:…', 'typed', 'keyboard')).toMatchObject({ ok: true });
    expect(await verify('known', 'typed', 'other keyboard')).toMatchObject({ ok: true });
    expect(await verify('known', 'optical', 'keyboard')).toMatchObject({ ok: true });
  });

  test('guessing on does not lengthen the wait', async () => {
    const { time, verify } = createRegistry([code]);
    for (let n = 0; n < lookupMissRules.typed.missesMax; n++) await verify(`guess ${n}`, 'typed');
    await time.advance(lookupMissRules.typed.windowMs - 1);
    await verify('guess', 'typed');
    await time.advance(1);
    expect(await verify('known', 'typed')).toMatchObject({ ok: true });
  });
});

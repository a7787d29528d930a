// Goal: the story says what the gate decided, in the words that people know.
import type { Claim, Decision } from '@postern/shared';
import { expect, test } from 'vitest';
import { narrateDecision } from '../../../../scripts/demo/narration.ts';
import { parseEvent } from '../../../../scripts/demo/sse.ts';
import { screenshotTicket, type Visit } from '../../../../scripts/demo/story.ts';

const visit = (change: Partial<Visit> = {}): Visit => ({
  gate: 'b',
  ticket: 401,
  showing: 'own',
  handling: {},
  manner: 'upside down',
  ...change,
});
const claim: Claim = { method: 'qr', event: 1, ticketId: '0'.repeat(32), epoch: 1, assurance: 'signed' };
const admit = {
  kind: 'admit',
  claim,
  ticket: { id: claim.ticketId, epoch: 1, type: 1 },
  direction: 'entry',
  part: 1,
  party: 1,
  persons: 1,
  warnings: [],
} as Decision;
const facts = { nowMs: 20_000, timeZone: 'UTC', networkCut: false };

test('an entry says how the code was held', () => {
  expect(narrateDecision(visit(), admit, facts)).toEqual({
    tone: 'welcome',
    title: 'Gate B · ticket 0401 · Welcome',
    text: 'Upside down.',
  });
});

test('a copy says where and how long ago the ticket entered', () => {
  const decision: Decision = {
    kind: 'refuse',
    claim,
    refusal: { type: 'already-used', detail: { gate: 'gate-a', atMs: 12_100 } },
  };
  expect(narrateDecision(visit({ showing: 'copy' }), decision, facts)).toEqual({
    tone: 'refused',
    title: 'Gate B · copy of ticket 0401 · Please see staff',
    text: 'Entered at Gate A 8 s ago.',
  });
});

test('a forgery says what was wrong with it', () => {
  const decision: Decision = { kind: 'refuse', refusal: { type: 'signature-invalid' } };
  expect(narrateDecision(visit({ showing: 'forged' }), decision, facts).text).toBe(
    'One bit of the code was changed. Forged or altered: the signature is wrong.',
  );
});

test('a screenshot that enters while the network is cut says why nobody can know yet', () => {
  const words = narrateDecision(visit({ ticket: screenshotTicket, showing: 'copy' }), admit, {
    ...facts,
    networkCut: true,
  });
  expect(words.title).toBe('Gate B · screenshot of ticket 0417 · Welcome');
  expect(words.text).toContain('Nobody can know yet');
});

test('a hold says what the steward has to check', () => {
  const words = narrateDecision(visit(), { ...admit, kind: 'hold', reason: 'under-18' } as Decision, facts);
  expect(words).toEqual({
    tone: 'wait',
    title: 'Gate B · ticket 0401 · One moment',
    text: 'Under 18: check age and companion. A steward presses Accept.',
  });
});

test('server-sent events keep their name and join their lines of data', () => {
  expect(parseEvent('event: lane\ndata: {"a":1,\ndata: "b":2}')).toEqual({ event: 'lane', data: '{"a":1,\n"b":2}' });
  expect(parseEvent(': a comment')).toBeUndefined();
});

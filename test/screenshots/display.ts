// The screen at a lane: a party that is let in, somebody who is not, in the venue's two languages and on a small panel, an Arabic ticket that is
// asked to wait, and a lane that says what to hold where.
import { existsSync } from 'node:fs';
import type { LaneState, Mark } from '@postern/shared';
import { laneStateToView, type DisplayContext } from '../../gate-agent/src/local-api/display-view.ts';
import { pageFolder } from '../../gate-agent/src/local-api/pages.ts';
import type { Hello, ShownView } from '../../gate-agent/src/local-api/screens.ts';
import { serveLocalApi, servedAtMs } from '../../scripts/lib/local-api.ts';
import type { Scene, Screen } from './screen.ts';

const context: DisplayContext = {
  languages: ['en', 'de'],
  timeZone: 'Europe/Berlin',
  shows: ['code', 'band'],
  clockTrusted: true,
  gateName: () => 'Gate B',
  direction: 'entry',
  noContactSinceMs: undefined,
  hasFeed: true,
  atMs: servedAtMs,
};
const admission = {
  claim: { method: 'qr', event: 1, ticketId: '', epoch: 0, assurance: 'signed' },
  ticket: { id: '', epoch: 0, type: 1 },
  direction: 'entry',
  part: 2,
  party: 5,
  persons: 1,
  warnings: [],
} as const;

const mark = { kind: 'admitted' } as Mark;
const small = { viewport: { width: 800, height: 480 }, deviceScaleFactor: 1.5 } as const;
const large = { viewport: { width: 1_280, height: 800 } } as const;
const pictures: readonly (readonly [
  name: string,
  screen: typeof small | typeof large,
  state: LaneState,
  change?: Partial<DisplayContext>,
])[] = [
  ['display', large, { name: 'open', mark, decision: { ...admission, kind: 'admit' } }],
  ['display-ready', small, { name: 'idle' }],
  [
    'display-refused',
    small,
    { name: 'refused', decision: { kind: 'refuse', refusal: { type: 'already-used' } } },
    { languages: ['fr', 'de'] },
  ],
  [
    'display-arabic',
    small,
    {
      name: 'held',
      holdId: 'h',
      decision: { ...admission, party: 1, kind: 'hold', reason: 'under-18', language: 'ar' },
    },
  ],
];

export const displayScene: Scene = {
  name: 'the screen at a lane',
  missing: () => (existsSync(pageFolder('display')) ? undefined : 'the pages are not built (npm run build)'),
  open: async () => {
    let view: ShownView = { ...laneStateToView('one', { name: 'idle' }, context), turn: 0 };
    const hello: Hello = {
      gate: { id: 'gate-b', name: 'Gate B' },
      lanes: [{ id: 'one', direction: 'entry', shows: ['code', 'band'], readerSide: 'right' }],
      boot: '00',
      languages: ['en', 'de'],
      display: { volume: 0, callButton: true },
    };
    const served = await serveLocalApi(0, { views: () => [view], hello });
    const screens = pictures.map(([name, screen, state, change]): Screen => ({
      name,
      workspace: 'gate-agent',
      context: screen,
      play: async (page) => {
        view = { ...laneStateToView('one', state, { ...context, ...change }), turn: 1 };
        await page.goto(`${served.server.url}/display/`);
        await page.waitForSelector(`[data-tone=${view.tone}]`);
      },
    }));
    return { screens, close: served.stop };
  },
};

// The steward's handheld put together: the gate in this browser, its readers, and the page that shows it.
import { effect } from '@preact/signals';
import { render } from 'preact';
import { handheldSettingsSchema, staffCodePattern, type HandheldSettings, type Presentation } from '@postern/shared';
import { keepAwake } from '@postern/shared/ui';
import { createBrowserClock } from '../core/browser-system.ts';
import type { Handheld, HandheldState } from '../core/handheld.ts';
import { App } from './app.tsx';
import { createCamera } from './camera.ts';
import { createDuty } from './duty.ts';
import { enrolBy } from './enrol.tsx';
import { unlockSound } from './feedback.ts';
import { labels } from './texts.ts';
import { language, looking, PageContext, say, type Page } from './page.ts';
import type { SeenTag } from './tags.ts';
import { watchUpdates } from './updates.ts';
import { listenToWedge } from './wedge.ts';

/** The same for readers and lanes. */
const clock = createBrowserClock();

/** How gates are reached; kept by the service worker for when there is no network. */
async function readSettings(): Promise<HandheldSettings> {
  try {
    return handheldSettingsSchema.parse(await (await fetch('./settings.json')).json());
  } catch {
    // Never been asked, or another version: the gates stay out of reach until the cloud answers.
    return { v: 1 };
  }
}

/** Rejects where this browser cannot run it at all. */
export async function run(root: HTMLElement): Promise<void> {
  effect(() => {
    document.documentElement.lang = language.value;
    document.title = say(labels.page);
  });
  document.addEventListener('pointerdown', unlockSound);
  keepAwake();
  watchUpdates().catch(() => {
    // Refused, in a private window mostly: the page works as long as there is a network.
  });
  const [settings, { openHandheld }] = await Promise.all([readSettings(), import('../core/open-handheld.ts')]);
  const handheld = await openHandheld({
    cloudUrl: new URL('..', document.baseURI).href.replace(/\/$/, ''),
    gateDomain: settings.gateDomain,
    clock,
    startWorker: () => new Worker(new URL('../core/worker.ts', import.meta.url), { type: 'module' }),
  });
  const page = createPage(handheld, settings);
  if (looking.peek() === 'on') void page.camera.start();
  page.camera.state.subscribe(({ phase }) => {
    if (phase === 'on' || phase === 'off') looking.value = phase;
  });
  listenToWedge(page.typed);
  render(
    <PageContext.Provider value={page}>
      <App />
    </PageContext.Provider>,
    root,
  );
  const invited = location.hash.slice(1);
  if (invited !== '') {
    // The one-time code leaves the address, which people show and share.
    history.replaceState(null, '', location.pathname);
    if ((await phaseOnceOpen(handheld)) === 'not-enrolled') await enrolBy(handheld, invited);
  }
}

const phaseOnceOpen = (handheld: Handheld): Promise<HandheldState['phase']> =>
  new Promise((resolve) => {
    const stop = handheld.state.subscribe(({ phase }) => {
      if (phase === 'opening') return;
      resolve(phase);
      queueMicrotask(() => stop());
    });
  });

function createPage(handheld: Handheld, { fingerprint }: HandheldSettings): Page {
  const duty = createDuty(handheld);
  const hear = (text: string, presentation: Presentation): void => {
    const { phase } = handheld.state.peek();
    if (phase !== 'running') void enrolBy(handheld, text);
    else if (staffCodePattern.test(text.trim().toUpperCase())) duty.showCard(text.trim().toUpperCase());
    else handheld.present(presentation);
  };
  const camera = createCamera(({ text, format, decodeMs }) =>
    hear(text, {
      medium: 'optical',
      readerId: 'camera',
      seenAtMs: clock.monotonicMs(),
      decodeMs,
      text: text.slice(0, 2_048),
      format,
    }),
  );
  return {
    handheld,
    camera,
    duty,
    fingerprint,
    typed: (text) =>
      hear(text, { medium: 'typed', readerId: 'wedge', seenAtMs: clock.monotonicMs(), text: text.slice(0, 2_048) }),
    seenTag: ({ uid, ndef }: SeenTag) => {
      const hex = Array.from(uid, (byte) => byte.toString(16).padStart(2, '0')).join('');
      handheld.present({
        medium: 'nfc',
        readerId: 'phone',
        seenAtMs: clock.monotonicMs(),
        text: `nfc:${hex}`,
        uid,
        ...(ndef === undefined ? {} : { ndef }),
      });
    },
  };
}

// A visitor's ticket on their phone: claimed by a link or by a wallet, shown as a code that changes every few seconds, without a network after one visit.
import { effect } from '@preact/signals';
import { render } from 'preact';
import { chooseLanguage, directionOf } from '@postern/shared';
import { App } from './app.tsx';
import { createMyCloud } from './cloud.ts';
import { openKeep, type Keep } from './kept-tickets.ts';
import { labels } from './labels.ts';
import { sayings } from './sayings.ts';
import { createMyTickets, claim, tokenAsked } from './my-tickets.ts';
import { PageContext } from './page.ts';
import { createTrustedTime, unheard } from './trusted-time.ts';
import { watch } from './watch.ts';

const secretPattern = /^#claim=([0-9a-f]{48})$/;
const tokenPattern = /^#token=([1-9]\d{0,9})(?:\/(0|[1-9]\d{0,77}))?$/;

const wallMs = (): number => Date.now();
const monotonicMs = (): number => performance.now();
const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));

const language = chooseLanguage(navigator.languages);
document.documentElement.lang = language;
document.documentElement.dir = directionOf(language);
document.title = labels.page[language];
const root = document.getElementById('page') ?? document.body;

async function start(keep: Keep): Promise<void> {
  const time = createTrustedTime({ wallMs, monotonicMs }, (await keep.time()) ?? unheard);
  const cloud = createMyCloud({ base: new URL('../', document.baseURI), nowMs: time.nowMs });
  const tickets = createMyTickets({ keep, cloud, time, monotonicMs, random });
  const takeUp = async (): Promise<void> => {
    const secret = secretPattern.exec(location.hash)?.[1];
    if (secret !== undefined) await tickets.takeUp(secret);
    const [, event, token] = tokenPattern.exec(location.hash) ?? [];
    if (event !== undefined) await tickets.takeUpToken(Number(event), token);
  };
  await tickets.open();
  await takeUp();
  // Once it has done its work the link leaves the address, which people show and share.
  effect(() => {
    const isDone = claim.value === undefined && tokenAsked.value === undefined;
    if (isDone && location.hash !== '') history.replaceState(null, '', location.pathname);
  });
  globalThis.addEventListener('hashchange', () => void takeUp());
  render(
    <PageContext.Provider value={{ tickets, cloud, time, language }}>
      <App />
    </PageContext.Provider>,
    root,
  );
  watch({ keep, tickets, time });
}

function showUnkept(): void {
  const { title, hint } = sayings.unkept;
  render(
    <main>
      <section class="note bad" role="alert">
        <h2>{title[language]}</h2>
        <p>{hint[language]}</p>
      </section>
    </main>,
    root,
  );
}

openKeep().then(start, showUnkept).catch(showUnkept);
// Asked, because browsers delete what they were not asked to keep.
void navigator.storage?.persist?.();
navigator.serviceWorker?.register('./worker.js', { scope: './' }).catch(() => {
  // Refused, in a private window mostly: the page works as long as there is a network.
});

// The operator's dashboard: everything that the cloud can do, as one page with a section for each kind of work.
import { render } from 'preact';
import { createServerClock, useServerClock } from './server-clock.ts';
import { App } from './app.tsx';
import { useRequestKeys } from './request-key.ts';
import { followOtherTabs, readMe } from './session.ts';
import { followAddress } from './route.ts';

useServerClock(createServerClock({ wallMs: () => Date.now(), monotonicMs: () => performance.now() }));
useRequestKeys(() => crypto.getRandomValues(new Uint8Array(16)));
followAddress();
const root = document.getElementById('page');
if (root !== null) render(<App />, root);
void readMe();
followOtherTabs();

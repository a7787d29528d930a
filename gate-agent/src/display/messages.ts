// What the gate's event stream tells this page. Types only: they are erased, so nothing of the agent ends up in the browser.
export type { DisplayView } from '../local-api/display-view.ts';
export type { Beat, Hello } from '../local-api/screens.ts';

// What the gate's event stream tells this page. Types only: they are erased, so nothing of the agent ends up in the browser.
export type { Beat, Hello, LaneOnScreen, Shown, ShownView } from '../local-api/screens.ts';
export type { StaffCall } from '../staff-calls.ts';

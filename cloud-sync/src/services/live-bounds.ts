// Keeps the live state small, whatever gates say of themselves and however much a case has gathered: details go first, then the least urgent rows.
import { liveBytesMax, type CaseView, type LiveState } from '@postern/shared';

/** Of a case, and of each list in it; the case itself has them all. */
const caseRowsMax = 3;
const caseGatesMax = 10;
const rehearsalRowsMax = 50;

export function keepSmall(state: LiveState): LiveState {
  let small: LiveState = {
    ...state,
    openCases: state.openCases.map(shorten),
    rehearsal: {
      ...state.rehearsal,
      gates: state.rehearsal.gates.slice(0, rehearsalRowsMax),
      alarms: state.rehearsal.alarms.slice(0, rehearsalRowsMax),
    },
  };
  for (let part = largest(small); bytesOf(small) > liveBytesMax && small[part].length > 0; part = largest(small))
    small = halve(small, part);
  return small;
}

const shorten = (view: CaseView): CaseView => ({
  ...view,
  fitting: view.fitting.slice(0, caseRowsMax),
  misfits: view.misfits.slice(0, caseRowsMax),
  gatesNotHeard: view.gatesNotHeard.slice(0, caseGatesMax),
  gatesLost: view.gatesLost.slice(0, caseGatesMax),
});

const parts = ['gates', 'openCases', 'zones', 'entries'] as const;
type Part = (typeof parts)[number];

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const largest = (state: LiveState): Part =>
  parts.reduce((before, part) => (bytesOf(state[part]) > bytesOf(state[before]) ? part : before));

/** What is listed first is what somebody has to look at first. */
function halve(state: LiveState, part: Part): LiveState {
  const rows = state[part];
  const kept = rows.slice(0, rows.length >> 1);
  const leftOut = rows.length - kept.length;
  return {
    ...state,
    [part]: kept,
    ...(part === 'gates' ? { gatesLeftOut: state.gatesLeftOut + leftOut } : {}),
    ...(part === 'zones' ? { zonesLeftOut: state.zonesLeftOut + leftOut } : {}),
  };
}

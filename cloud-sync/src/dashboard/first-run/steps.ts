// What has to be done before the first ticket is scanned, in its order, and what of it is done: by what the cloud knows of the event, but for
// the codes, which somebody has in their hands or not.
export const stepNames = ['event', 'tickets', 'codes', 'gate', 'scan'] as const;
export type StepName = (typeof stepNames)[number];
export type StepState = 'done' | 'now' | 'later';

export interface Progress {
  /** There is an event with a zone and a ticket type. */
  readonly hasEvent: boolean;
  readonly tickets: number;
  /** Somebody has printed or sent codes, or says that they have no need to. */
  readonly codesOut: boolean;
  readonly gatesEnrolled: number;
  readonly entered: number;
}

export interface Step {
  readonly name: StepName;
  readonly state: StepState;
}

/** The first that is not done is the one to do now; an entry says that everything before it has been done somehow. */
export function stepsOf(progress: Progress): readonly Step[] {
  const scanned = progress.entered > 0;
  const done: Readonly<Record<StepName, boolean>> = {
    event: progress.hasEvent,
    tickets: scanned || progress.tickets > 0,
    codes: scanned || (progress.codesOut && progress.tickets > 0),
    gate: scanned || progress.gatesEnrolled > 0,
    scan: scanned,
  };
  const now = stepNames.find((name) => !done[name]);
  return stepNames.map((name) => ({ name, state: done[name] ? 'done' : name === now ? 'now' : 'later' }));
}

export const isComplete = (steps: readonly Step[]): boolean => steps.every(({ state }) => state === 'done');

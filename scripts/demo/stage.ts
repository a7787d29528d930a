// Where the story happens: visitors step in front of the cameras, the network is cut and healed, gate A is killed. What the
// gates make of it is only ever learned from their own events.
import type { LaneEvent } from '@postern/shared';
import type { Camera } from './camera.ts';
import type { Stage } from './director.ts';
import type { Gate } from './gate.ts';
import { chapterWords, narrateDecision, type Words } from './narration.ts';
import type { StoryLine } from './page-state.ts';
import type { Clip, Painter } from './painter.ts';
import type { Network } from './proxies.ts';
import { gateNames, type ChapterName, type GateName, type Visit } from './story.ts';

export interface StageDeps {
  readonly gates: Readonly<Record<GateName, Gate>>;
  readonly cameras: Readonly<Record<GateName, Camera>>;
  readonly network: Network;
  readonly painter: Painter;
  /** The text in the visitor's hand. */
  readonly textOf: (visit: Pick<Visit, 'ticket' | 'showing'>) => string;
  readonly tell: (line: Omit<StoryLine, 'id' | 'atMs'>) => void;
  readonly wallMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly timeZone: string;
  /** How long a held visitor waits for somebody to press Accept before the demo presses it. */
  readonly holdPatienceMs: number;
  /** How long a code stays in view after the decision. */
  readonly lookMs: number;
}

export interface DemoStage extends Stage {
  readonly cut: () => void;
  readonly heal: () => void;
  readonly killGateA: () => Promise<void>;
  /** Says who will come, in order: each one's picture is painted while the one before is at the gate. */
  readonly expect: (visits: readonly Visit[]) => void;
  /** Somebody pasted a text: it is held up like a visitor's code. */
  readonly showText: (gate: GateName, text: string) => Promise<string | undefined>;
}

/** A gate that was killed, or whose place is taken, is waited for so long before the visitor gives up. */
const placeMsMax = 20_000;
/** The gates are given so long to tell each other of an entry before its copy is shown. */
const heardMsMax = 10_000;
/** Without a decision for so long, the visitor goes away. */
const decisionMsMax = 5_000;
/** The lane has to be free again before the next one steps up. */
const laneFreeMsMax = 4_000;
const pollMs = 40;
const killAgainMs = 15_000;
/** Visitors of each gate whose pictures are ready before they come. */
const paintedAhead = 2;

type DecisionEvent = Extract<LaneEvent, { type: 'decision' }>;

export function createStage(deps: StageDeps): DemoStage {
  const { gates, cameras, network, painter, tell, sleep } = deps;
  const paintings = new Map<Visit, Promise<Clip>>();
  let expected: readonly Visit[] = [];
  let killedAtMs = Number.NEGATIVE_INFINITY;

  const paint = (visit: Visit): Promise<Clip> => {
    const painting = paintings.get(visit) ?? painter.paint(deps.textOf(visit), visit.handling);
    paintings.set(visit, painting);
    return painting;
  };
  /** The clip of who comes now; the next ones at this gate are begun. */
  const takeClip = async (visit: Visit): Promise<Clip> => {
    const painting = paint(visit);
    const queue = expected.filter(({ gate }) => gate === visit.gate);
    for (const next of queue.slice(queue.indexOf(visit) + 1).slice(0, paintedAhead)) void paint(next);
    const clip = await painting;
    paintings.delete(visit);
    return clip;
  };

  const decisionAt = (gate: Gate, withinMs: number, signal: AbortSignal): Promise<DecisionEvent | undefined> =>
    new Promise((resolve) => {
      const ending = new AbortController();
      const end = (event?: DecisionEvent): void => {
        ending.abort();
        forget();
        resolve(event);
      };
      const forget = gate.onEvent((event) => {
        if (event.type === 'decision') end(event);
      });
      void sleep(withinMs, AbortSignal.any([signal, ending.signal])).then(() => end());
    });

  const until = async (condition: () => boolean, withinMs: number, signal: AbortSignal): Promise<boolean> => {
    const untilMs = deps.wallMs() + withinMs;
    while (deps.wallMs() < untilMs && !signal.aborted && !condition()) await sleep(pollMs, signal);
    return condition();
  };

  const laneIsFree = (gate: Gate): boolean => {
    const state = gate.laneState()?.name;
    return state !== 'deciding' && state !== 'held' && state !== 'waiting' && state !== 'open';
  };

  /** Gates at which somebody of ours stands; any other decision is about a code that a person holds to their own webcam. */
  const occupied = new Set<GateName>();
  for (const name of gateNames) {
    gates[name].onEvent((event) => {
      if (event.type === 'decision' && !occupied.has(name))
        tellOwn(name, 'your webcam', 'read from your own webcam', event);
    });
  }

  /** Waits for a running gate with a free lane and nobody in front of it, and steps up; false when that takes too long. */
  const takePlace = async (name: GateName, webcam: 'waits' | 'has-gone', signal: AbortSignal): Promise<boolean> => {
    const isOurs = (): boolean =>
      gates[name].running() &&
      laneIsFree(gates[name]) &&
      !occupied.has(name) &&
      (webcam === 'waits' || !cameras[name].webcamIsOn());
    if (!(await until(isOurs, placeMsMax, signal))) return false;
    occupied.add(name);
    return true;
  };
  const gatesAgree = async (): Promise<boolean> => {
    const statuses = await Promise.all(gateNames.map((name) => gates[name].status())).catch(() => []); // Killed or starting.
    return statuses.length > 0 && new Set(statuses.map(({ historyHash }) => historyHash)).size === 1;
  };
  /**
   * Where the network is up, the story is about a copy that is refused, and a gate refuses what it has heard of: however slow the
   * machine, the copy comes after that. False when nobody has heard in time, or the network was cut meanwhile.
   */
  const untilHeard = async (signal: AbortSignal): Promise<boolean> => {
    const untilMs = deps.wallMs() + heardMsMax;
    while (deps.wallMs() < untilMs && !signal.aborted && !network.isCut()) {
      if (await gatesAgree()) return true;
      await sleep(pollMs, signal);
    }
    return false;
  };
  const leavePlace = (name: GateName): void => {
    cameras[name].clear();
    occupied.delete(name);
  };

  const tellDecision = (visit: Visit, event: DecisionEvent): void => {
    const words = narrateDecision(visit, event.decision, {
      nowMs: deps.wallMs(),
      timeZone: deps.timeZone,
      networkCut: network.isCut(),
    });
    tell({ ...words, gate: visit.gate, figures: figuresOf(event) });
  };

  /** A decision about something that a person brought. */
  const tellOwn = (gate: GateName, holder: string, manner: string, event: DecisionEvent): void => {
    const words = narrateDecision({ gate, ticket: 0, showing: 'own', handling: {}, manner }, event.decision, {
      nowMs: deps.wallMs(),
      timeZone: deps.timeZone,
      networkCut: network.isCut(),
    });
    tell({ ...words, title: words.title.replace('ticket 0000', holder), gate, figures: figuresOf(event) });
  };

  const visit = async (planned: Visit, signal: AbortSignal): Promise<void> => {
    const gate = gates[planned.gate];
    const clip = await takeClip(planned);
    if (planned.showing === 'copy' && !network.isCut() && !(await untilHeard(signal))) return;
    if (!(await takePlace(planned.gate, 'has-gone', signal))) return;
    const deciding = decisionAt(gate, decisionMsMax, signal);
    cameras[planned.gate].show(clip);
    let decided = await deciding;
    if (decided) tellDecision(planned, decided);
    else if (!signal.aborted)
      tell({
        tone: 'info',
        gate: planned.gate,
        title: `${gate.title} · no decision`,
        text: gate.running() ? 'The code could not be read.' : 'The gate is not running.',
      });
    if (decided?.decision.kind === 'hold') {
      // The first answer is a person's if there is one; the demo presses Accept when nobody does.
      const answered = decisionAt(gate, deps.holdPatienceMs + decisionMsMax, signal);
      await until(() => gate.hold() === undefined, deps.holdPatienceMs, signal);
      const hold = gate.hold();
      if (hold && !signal.aborted) await gate.answerHold(hold.id, 'accept');
      decided = await answered;
      if (decided) tellDecision({ ...planned, manner: 'a steward looked at the ID and pressed Accept' }, decided);
    }
    await sleep(deps.lookMs, signal);
    leavePlace(planned.gate);
    await until(() => !gate.running() || laneIsFree(gate), laneFreeMsMax, signal);
  };

  const tellChapter = (chapter: ChapterName): void => tell(chapterWords[chapter]);

  const stage: DemoStage = {
    visit,
    expect: (visits) => {
      expected = visits;
      for (const name of gateNames)
        for (const next of visits.filter(({ gate }) => gate === name).slice(0, paintedAhead)) void paint(next);
    },
    cut: () => {
      if (network.isCut()) return;
      network.cut();
      tellChapter('cut');
    },
    heal: () => {
      if (!network.isCut()) return;
      network.heal();
      tellChapter('heal');
    },
    killGateA: async () => {
      if (!gates.a.running()) return;
      killedAtMs = deps.wallMs();
      const before = gates.a.marks();
      tellChapter('kill');
      await gates.a.kill();
      void gates.a.start().then(
        ({ tookMs }) => tell(backWords(before, gates.a.marks(), tookMs)),
        (cause: unknown) =>
          tell({
            tone: 'alarm',
            gate: 'a',
            title: 'Gate A did not come back',
            text: cause instanceof Error ? cause.message : String(cause),
          }),
      );
    },
    showText: async (name, text) => {
      const gate = gates[name];
      if (!gate.running()) return `${gate.title} is not running`;
      let clip: Clip;
      try {
        clip = await painter.paint(text, { rotationDeg: 6 });
      } catch {
        return 'That text does not fit into a QR code'; // The encoder's way of saying so is an exception.
      }
      const signal = AbortSignal.timeout(placeMsMax + decisionMsMax + deps.lookMs * 2);
      if (!(await takePlace(name, 'waits', signal))) return `Somebody else is at ${gate.title}; try again`;
      const deciding = decisionAt(gate, decisionMsMax, signal);
      cameras[name].show(clip);
      const decided = await deciding;
      if (decided) tellOwn(name, 'your text', 'your text, held up as a QR code', decided);
      await sleep(deps.lookMs, signal);
      leavePlace(name);
      return decided
        ? undefined
        : 'No decision: the same code counts as one scan until it has been out of view for 2 s';
    },
    begin: async (chapter) => {
      if (chapter === 'cut') stage.cut();
      else if (chapter === 'heal') stage.heal();
      else if (chapter === 'kill') {
        // Pressed by hand a moment ago, it is back or on its way: once is enough.
        if (deps.wallMs() - killedAtMs > killAgainMs) await stage.killGateA();
      } else tellChapter(chapter);
    },
  };
  return stage;
}

const figuresOf = ({ decodeMs, verifyMs, commitMs }: DecisionEvent): NonNullable<StoryLine['figures']> => ({
  verifyMs,
  commitMs,
  ...(decodeMs === undefined ? {} : { decodeMs }),
});

function backWords(before: number, after: number, tookMs: number): Words & { readonly gate: GateName } {
  const lost = before - after;
  const verdict =
    lost <= 0 ? `nothing of its journal is lost (${before} before, all there)` : `${lost} of ${before} marks are gone`;
  return {
    tone: lost <= 0 ? 'info' : 'alarm',
    gate: 'a',
    title: 'Gate A is back',
    text: `${(tookMs / 1_000).toFixed(1)} s after it was started, under a new process id: ${verdict}.`,
  };
}

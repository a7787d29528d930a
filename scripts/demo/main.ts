// `npm start`: a cloud and two gates as real processes, real pictures through their cameras, the network cut and healed between
// them, one page that shows it all. With POSTERN_DEMO_SECONDS it plays to the end by itself, counts what the databases hold, and
// says so in its last line; otherwise it goes on until Ctrl-C.
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { createCamera, type Camera } from './camera.ts';
import { createDirector, type Director } from './director.ts';
import { complaintsOf, converge } from './finish.ts';
import { makeFolder } from './folder.ts';
import { readOptions, repositoryFolder, type Options } from './options.ts';
import type { PageAction, StoryLine } from './page-state.ts';
import { createPainter } from './painter.ts';
import { findFreePort } from './ports.ts';
import { createProgress } from './progress.ts';
import { startServer } from './server.ts';
import { setUpVenue, type Venue } from './setup.ts';
import { createStage, type DemoStage } from './stage.ts';
import { gateNames, planStory, scriptSeconds, type GateName } from './story.ts';
import { createWatch, type Watch } from './watch.ts';

const lookIntervalMs = 300;
/** At sixty seconds; they scale with the story, within bounds. */
const holdPatienceMs = { usual: 3_500, min: 700, max: 20_000 } as const;
const lookMs = { usual: 1_000, min: 350, max: 1_500 } as const;
/** After the story's end, everything has to have arrived within this time. */
const convergeMsMax = 45_000;

const monotonicMs = (): number => performance.now();
const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  delay(Math.max(0, ms), undefined, signal ? { signal } : {}).catch(() => undefined);

const scaled = (
  { usual, min, max }: { readonly usual: number; readonly min: number; readonly max: number },
  seconds: number,
): number => Math.min(max, Math.max(min, (usual * seconds) / scriptSeconds));

/** What has to be stopped, the last started first. */
const stops: (() => Promise<void>)[] = [];
const ending = new AbortController();
/** Whatever is started while everything is being stopped is stopped at once. */
const onStarted = (stop: () => Promise<void>): void => void (ending.signal.aborted ? stop() : stops.push(stop));

/** Resolves with the exit code; undefined when a signal ends the demo. */
async function main(options: Options): Promise<number | undefined> {
  const progress = createProgress((text) => void process.stdout.write(text), monotonicMs);
  const folder = makeFolder(options.parentFolder, new Date());
  progress.say(`Postern demo in ${folder.path}`);

  const painter = createPainter();
  onStarted(() => painter.close());
  const doorway = await painter.paint(undefined, {});
  const cameras = {} as Record<GateName, Camera>;
  for (const name of gateNames) {
    const camera = await createCamera(folder.cameraSocket(name), doorway, monotonicMs);
    onStarted(() => camera.close());
    cameras[name] = camera;
  }
  const venue = await setUpVenue(folder, options.firstPort, progress, onStarted);

  const watch = createWatch({
    venue,
    folderPath: folder.path,
    gateFolder: folder.gate,
    seconds: options.seconds,
    scripted: options.scripted,
    wallMs: Date.now,
  });
  const stage = createStage({
    ...venue,
    cameras,
    painter,
    tell: (line) => {
      watch.tell(line);
      if (!ending.signal.aborted) progress.say(toTerminal(line));
    },
    wallMs: Date.now,
    sleep,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    holdPatienceMs: scaled(holdPatienceMs, options.seconds),
    lookMs: scaled(lookMs, options.seconds),
  });
  const plan = planStory(options.seconds);
  stage.expect(plan.flatMap(({ visits }) => visits.map(({ visit }) => visit)));
  await watch.look();

  let startedMs = monotonicMs();
  const director = createDirector(plan, {
    stage: { ...stage, begin: async (chapter) => (watch.setChapter(chapter), stage.begin(chapter)) },
    elapsedMs: () => monotonicMs() - startedMs,
    sleep,
  });
  const server = await startServer({
    pageFolder: join(repositoryFolder, '.cache/demo-page'),
    port: await findFreePort(options.firstPort),
    state: watch.state,
    act: (action) => act(action, stage, director, venue),
    webcamFrame: (name, grey) => cameras[name].webcamFrame(grey),
    previewUrl: (name) => (venue.gates[name].running() ? `${venue.gates[name].url()}/preview` : undefined),
  });
  onStarted(() => server.close());

  [startedMs] = [monotonicMs()];
  watch.begin();
  void keepLooking(watch);
  progress.say(
    `ready: ${server.url}  (cloud ${venue.cloudUrl}, gate A ${venue.gates.a.url()}, gate B ${venue.gates.b.url()})`,
  );
  progress.say(`the cloud's own live page: ${venue.cloudUrl}/ (token ${venue.token})`);
  await director.play(ending.signal);
  if (!options.scripted) {
    if (!ending.signal.aborted) progress.say('The story is over; it is your turn. Ctrl-C ends the demo.');
    return undefined;
  }
  await sleep(options.seconds * 1_000 - (monotonicMs() - startedMs), ending.signal);
  return ending.signal.aborted ? undefined : finish(venue, watch);
}

/** `19:02:11  refused  Gate B · copy of ticket 0401 · Please see staff: Entered at Gate A 8 s ago.` */
function toTerminal({ tone, title, text, figures }: Omit<StoryLine, 'id' | 'atMs'>): string {
  const times = figures
    ? ` (decode ${figures.decodeMs?.toFixed(1) ?? '–'}, verify ${figures.verifyMs.toFixed(1)}, fsync ${figures.commitMs.toFixed(1)} ms)`
    : '';
  return `${new Date().toTimeString().slice(0, 8)}  ${tone.padEnd(7)}  ${title}${text === undefined ? '' : `: ${text}`}${times}`;
}

async function finish(venue: Venue, watch: Watch): Promise<number> {
  venue.network.heal();
  const converged = await converge(
    { journals: venue.journals, cloudDatabase: venue.cloudDatabase, hashes: watch.hashes, sleep },
    convergeMsMax,
  );
  const complaints = complaintsOf(converged);
  for (const complaint of complaints) console.error(`failed: ${complaint}`);
  await stopAll();
  // Nothing may follow this line.
  console.log(JSON.stringify(converged.totals));
  return complaints.length === 0 ? 0 : 1;
}

async function act(
  action: PageAction,
  stage: DemoStage,
  director: Director,
  venue: Venue,
): Promise<string | undefined> {
  switch (action.action) {
    case 'cut':
    case 'heal':
      stage[action.action]();
      director.advance(action.action);
      return undefined;
    case 'kill':
      if (!venue.gates.a.running()) return 'Gate A is not running';
      await stage.killGateA();
      director.advance('kill');
      return undefined;
    case 'accept':
    case 'decline':
      return venue.gates[action.gate].answerHold(action.hold, action.action);
    case 'show':
      return stage.showText(action.gate, action.text);
  }
}

async function keepLooking(watch: Watch): Promise<void> {
  let complained = '';
  while (!ending.signal.aborted) {
    await watch.look().catch((cause: unknown) => {
      // Once for each kind of trouble: the next look may succeed.
      const complaint = cause instanceof Error ? cause.message : String(cause);
      if (complaint !== complained && !ending.signal.aborted) console.error(`could not look: ${complaint}`);
      complained = complaint;
    });
    await sleep(lookIntervalMs, ending.signal);
  }
}

let stopping: Promise<void> | undefined;

/** Ends everything that was started, once, the last started first. */
function stopAll(): Promise<void> {
  ending.abort();
  stopping ??= (async () => {
    for (const stop of stops.toReversed())
      await stop().catch((cause: unknown) => console.error(cause instanceof Error ? cause.message : cause));
  })();
  return stopping;
}

/** As a shell reports a program that a signal has ended; Ctrl-C is how the demo is meant to end, and no failure. */
const exitCodes = { SIGINT: 0, SIGTERM: 143, SIGHUP: 129 } as const;
for (const [signal, code] of Object.entries(exitCodes)) {
  process.on(signal, () => {
    if (ending.signal.aborted) return;
    console.log('\nstopping …');
    void stopAll().then(() => process.exit(code));
  });
}

try {
  const code = await main(readOptions());
  if (code !== undefined) {
    await stopAll();
    process.exit(code);
  }
} catch (cause) {
  // While everything is being stopped, things that were under way fail; only what came before is worth a word.
  if (!ending.signal.aborted) {
    console.error(`The demo cannot go on: ${cause instanceof Error ? cause.message : String(cause)}`);
    await stopAll();
    process.exit(1);
  }
}

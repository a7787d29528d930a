// What the page shows, kept fresh: counters from the databases, hashes and cases from the cloud and the gates, the story's lines.
// Looks a few times a second; a look that fails (a gate that is down) leaves what was known before.
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { CaseView } from '@postern/shared';
import { countCloud, countJournal, askJournal, journalQuery, type CloudCounts, type JournalCounts } from './counts.ts';
import { gateTitle, gateTitles, ticketLabel } from './narration.ts';
import { repositoryFolder } from './options.ts';
import type { CaseCard, GatePane, PageState, Proof, StoryLine } from './page-state.ts';
import type { Venue } from './setup.ts';
import { gateNames, type ChapterName, type GateName } from './story.ts';

export interface WatchDeps {
  readonly venue: Venue;
  readonly folderPath: string;
  readonly gateFolder: (gate: GateName) => string;
  readonly seconds: number;
  readonly scripted: boolean;
  readonly wallMs: () => number;
}

export interface Watch {
  readonly state: () => PageState;
  readonly tell: (line: Omit<StoryLine, 'id' | 'atMs'>) => void;
  readonly setChapter: (chapter: ChapterName) => void;
  /** The story's clock starts now. */
  readonly begin: () => void;
  readonly look: () => Promise<void>;
  /** Content hashes of gate A, the cloud and gate B, as of now. */
  readonly hashes: () => Promise<readonly (string | undefined)[]>;
}

const storyLinesMax = 200;

interface Seen {
  readonly journals: Readonly<Record<GateName, JournalCounts>>;
  readonly cloud: CloudCounts;
  readonly hashes: Readonly<Record<GateName | 'cloud', string | undefined>>;
  readonly noContactSinceMs: Readonly<Record<GateName, number | undefined>>;
  readonly cases: readonly CaseView[];
}

export function createWatch({ venue, folderPath, gateFolder, seconds, scripted, wallMs }: WatchDeps): Watch {
  const { gates, cloud, event, journals, cloudDatabase, network } = venue;
  const journalOf: Readonly<Record<GateName, string>> = { a: journals[0], b: journals[1] };
  const labels = new Map(venue.tickets.map(({ id }, index) => [id, ticketLabel(index + 1)]));
  const story: StoryLine[] = [];
  let nextLine = 1;
  let chapter: ChapterName = 'doors';
  let startedAtMs = wallMs();
  let networkSinceMs = startedAtMs;
  let wasCut = false;
  let yourTicket: PageState['yourTicket'];
  const nothing: JournalCounts = { marks: 0, admitted: 0, refused: 0, held: 0, identities: new Set() };
  let seen: Seen = {
    journals: { a: nothing, b: nothing },
    cloud: { marks: 0, admitted: 0, refused: 0, cases: 0, identities: new Set() },
    hashes: { a: undefined, b: undefined, cloud: undefined },
    noContactSinceMs: { a: undefined, b: undefined },
    cases: [],
  };

  const readGate = async (name: GateName): Promise<Awaited<ReturnType<(typeof gates)['a']['status']>> | undefined> => {
    try {
      return gates[name].running() ? await gates[name].status() : undefined;
    } catch {
      return undefined; // Killed or starting: it will answer again.
    }
  };
  const readCloudHash = async (): Promise<string | undefined> => (await cloud.summary(event)).historyHash;

  const pane = (name: GateName): GatePane => {
    const gate = gates[name];
    const journal = seen.journals[name];
    const hold = gate.hold();
    const noContactSinceMs = seen.noContactSinceMs[name];
    const historyHash = seen.hashes[name];
    return {
      name: gateTitles[name],
      running: gate.running(),
      pid: gate.pid(),
      boot: gate.boot(),
      displayUrl: gate.url() === '' ? '' : `${gate.url()}/display/`,
      entered: journal.admitted,
      refused: journal.refused,
      marks: journal.marks,
      unsent: [...journal.identities].filter((identity) => !seen.cloud.identities.has(identity)).length,
      ...(noContactSinceMs === undefined ? {} : { noContactSinceMs }),
      ...(historyHash === undefined ? {} : { historyHash }),
      ...(hold === undefined ? {} : { hold: { id: hold.id, text: hold.reason } }),
    };
  };

  const toCard = (found: CaseView): CaseCard => ({
    id: found.id,
    title: `Entered twice: ticket ${labels.get(found.ticket) ?? found.ticket.slice(-4)}`,
    uses: [...found.fitting, ...found.misfits].map(({ gate, atMs, uncertaintyMs }) => ({
      gate: gateTitle(gate),
      atMs,
      uncertaintyMs,
    })),
    orderUncertain: found.orderUncertain,
  });

  const proofs = (): readonly Proof[] => {
    const example = venue.textOf({ ticket: 401, showing: 'own' });
    return [
      {
        title: 'Ask gate A itself: what would it say to ticket 0401 now?',
        command: `npx gate-agent verify --data ${fromRepository(gateFolder('a'))} '${example}'`,
      },
      ...gateNames.map((name) => ({
        title: `Entries in ${gateTitles[name]}'s journal`,
        command: queryCommand(journalOf[name], journalQuery),
        result: `now ${askResult(journalOf[name])}`,
      })),
      {
        title: 'What the cloud has, by gate',
        command: queryCommand(cloudDatabase, 'SELECT gate, kind, count(*) FROM mark GROUP BY gate, kind'),
        result: `now ${seen.cloud.marks} marks, ${seen.cloud.cases} ticket${seen.cloud.cases === 1 ? '' : 's'} entered twice`,
      },
    ];
  };

  return {
    tell: (line) => {
      story.push({ ...line, id: nextLine++, atMs: wallMs() });
      if (story.length > storyLinesMax) story.shift();
    },
    setChapter: (next) => void (chapter = next),
    begin: () => {
      startedAtMs = wallMs();
      networkSinceMs = startedAtMs;
    },
    hashes: async () => {
      const [a, inCloud, b] = await Promise.all([readGate('a'), readCloudHash(), readGate('b')]);
      return [a?.historyHash, inCloud, b?.historyHash];
    },
    look: async () => {
      const [a, b, cloudHash, cases] = await Promise.all([
        readGate('a'),
        readGate('b'),
        readCloudHash(),
        cloud.cases(event),
      ]);
      seen = {
        journals: { a: countJournal(journals[0]), b: countJournal(journals[1]) },
        cloud: countCloud(cloudDatabase),
        hashes: { a: a?.historyHash ?? seen.hashes.a, b: b?.historyHash ?? seen.hashes.b, cloud: cloudHash },
        noContactSinceMs: { a: a?.noContactSinceMs, b: b?.noContactSinceMs },
        cases,
      };
      if (wasCut !== network.isCut()) [wasCut, networkSinceMs] = [network.isCut(), wallMs()];
      yourTicket ??= await readYourTicket(venue);
    },
    state: () => ({
      startedAtMs,
      nowMs: wallMs(),
      seconds,
      chapter,
      scripted,
      network: network.isCut() ? 'cut' : 'up',
      networkSinceMs,
      gates: { a: pane('a'), b: pane('b') },
      cloud: {
        pid: venue.cloudProcess.pid,
        url: venue.cloudUrl,
        entered: seen.cloud.admitted,
        marks: seen.cloud.marks,
        liveUrl: venue.cloudUrl,
        ...(seen.hashes.cloud === undefined ? {} : { historyHash: seen.hashes.cloud }),
      },
      cases: seen.cases.map(toCard),
      story,
      folder: folderPath,
      repository: repositoryFolder,
      proofs: proofs(),
      ...(yourTicket === undefined ? {} : { yourTicket }),
    }),
  };
}

/** Shorter to read and to type: relative to where the commands run, if it is in there. */
function fromRepository(path: string): string {
  const inside = relative(repositoryFolder, path);
  return inside.startsWith('..') ? path : inside;
}

/** By the sqlite3 program where there is one, else by the driver that the gate itself uses. */
const queryCommand = (path: string, query: string): string =>
  hasSqlite3
    ? `sqlite3 -readonly ${fromRepository(path)} "${query}"`
    : `node -e "console.table(require('better-sqlite3')('${fromRepository(path)}', { readonly: true }).prepare(process.argv[1]).all())" "${query}"`;

const hasSqlite3 = ['/usr/bin/sqlite3', '/usr/local/bin/sqlite3'].some((path) => existsSync(path));

function askResult(journal: string): string {
  const rows = askJournal(journal);
  return `${rows.length} tickets, ${rows.reduce((sum, { entries }) => sum + entries, 0)} entries`;
}

/** The last ticket of the batch: nobody in the story has it. */
async function readYourTicket(venue: Venue): Promise<PageState['yourTicket']> {
  const number = venue.tickets.length;
  const ticket = venue.tickets[number - 1];
  if (ticket?.text === undefined) return undefined;
  return { label: ticketLabel(number), text: ticket.text, qrSvg: await venue.cloud.qrSvg(ticket.id) };
}

// Bugs that the simulation must catch, each put in where a real one would live: behind a port that the simulated gate is given. Nothing in
// the code that ships knows of them. A test runs them all, one at a time (test/faults/planted-bugs.test.ts).
import {
  acceptManifest,
  asCaused,
  bytesToHex,
  cborDecode,
  chunkBytesMax,
  decide,
  foldBindings,
  foldTicketHistory,
  hashBytes,
  keyPairFromSeed,
  sha256,
  signChunk,
  utf8,
  writerKey,
  type AdmissionPolicy,
  type Bindings,
  type BandsMax,
  type FeedKey,
  type GateDirectory,
  type History,
  type LocalJournalReader,
  type Ledger,
  type Mark,
  type OrderNews,
  type Ticket,
} from '@postern/shared';

export const plantedBugs = [
  'skip-fsync',
  'last-writer-wins',
  'skip-signature',
  'reuse-actor',
  'ignore-gap',
  'trust-arrival-order',
  'drop-on-reconnect',
  'decide-without-history',
  'take-older-feed',
  'trust-revoked-gate',
  'trust-revoked-key',
  'ignore-accepted-heads',
  'keep-what-is-not-accepted',
  'ignore-denials',
  'last-band-wins',
  'overlook-orders',
  'ignore-lifts',
  'count-rehearsals',
  'recount-on-arrival',
] as const;
export type PlantedBug = (typeof plantedBugs)[number];

/** The ports of a simulated gate in which a bug can sit; without one they are what they should be. */
export interface Seams {
  readonly syncsJournal: boolean;
  /** Whether every process start gets a boot of its own. */
  readonly freshBoots: boolean;
  readonly decide: typeof decide;
  readonly fold: (marks: readonly Mark[], policy: AdmissionPolicy, ticket: Ticket | undefined) => History;
  /** What a gate hears of orders to the venue. */
  readonly newsOfOrders: (news: readonly OrderNews[]) => readonly OrderNews[];
  readonly bindings: (marks: readonly Mark[], bandsMax: BandsMax) => Bindings;
  /** A mark of another gate as the count of people takes it; `known` are the marks before it. */
  readonly asCounted: (mark: Mark, known: () => Iterable<Mark>) => Mark;
  readonly ledger: (ledger: Ledger) => Ledger;
  readonly directory: (directory: GateDirectory) => GateDirectory;
  readonly acceptFeed: typeof acceptManifest;
  /** Whether what is not accepted of a gate leaves the history once its revocation is known. */
  readonly revises: boolean;
  /** The state of an issuer's key, as the feed has it. */
  readonly keyState: (state: FeedKey['state']) => FeedKey['state'];
  /** The journal as the replicator drains it. */
  readonly journal: (journal: LocalJournalReader, isInTouch: () => boolean) => LocalJournalReader;
}

const sound: Seams = {
  syncsJournal: true,
  freshBoots: true,
  decide,
  fold: foldTicketHistory,
  bindings: foldBindings,
  newsOfOrders: (news) => news,
  asCounted: (mark) => mark,
  ledger: (ledger) => ledger,
  directory: (directory) => directory,
  acceptFeed: acceptManifest,
  revises: true,
  keyState: (state) => state,
  journal: (journal) => journal,
};

export const seamsOf = (bug: PlantedBug | undefined): Seams =>
  bug === undefined ? sound : { ...sound, ...planted[bug] };

const planted: Readonly<Record<PlantedBug, Partial<Seams>>> = {
  'skip-fsync': { syncsJournal: false },
  'reuse-actor': { freshBoots: false },
  'last-writer-wins': { fold: (marks, policy, ticket) => foldTicketHistory(newestOnly(marks), policy, ticket) },
  'trust-arrival-order': { fold: (marks, policy, ticket) => foldTicketHistory(inArrivalOrder(marks), policy, ticket) },
  'skip-signature': { ledger: believingEverySignature },
  'ignore-gap': { ledger: overlookingGaps },
  'drop-on-reconnect': { journal: droppingTheBacklog },
  'decide-without-history': {
    decide: (input) => decide({ ...input, history: foldTicketHistory([], input.policy, input.ticket) }),
  },
  'take-older-feed': { acceptFeed: (options) => acceptManifest({ ...options, current: undefined }) },
  'trust-revoked-gate': { directory: callingAllActive },
  'trust-revoked-key': { keyState: () => 'active' },
  'ignore-accepted-heads': { directory: acceptingNothing },
  'keep-what-is-not-accepted': { revises: false },
  'ignore-denials': {
    fold: (marks, policy, ticket) =>
      foldTicketHistory(
        marks.filter(({ kind }) => kind !== 'denied'),
        policy,
        ticket,
      ),
  },
  'count-rehearsals': { fold: (marks, policy, ticket) => foldTicketHistory(marks.map(asCaused), policy, ticket) },
  'overlook-orders': { newsOfOrders: without('ordered') },
  'ignore-lifts': { newsOfOrders: without('lifted') },
  'recount-on-arrival': { asCounted: asJustCounted },
  'last-band-wins': { bindings: (marks, bandsMax) => foldBindings(newestBindingOnly(marks), bandsMax) },
};

/** A ticket as one replicated value: of several uses the last one written is what remains. */
function newestOnly(marks: readonly Mark[]): readonly Mark[] {
  const uses = marks.filter(({ kind }) => kind === 'admitted');
  const newest = uses.reduce<Mark | undefined>(
    (last, mark) => (last === undefined || mark.at.ms >= last.at.ms ? mark : last),
    undefined,
  );
  return marks.filter((mark) => mark.kind !== 'admitted' || mark === newest);
}

/** Of what others have made known, and the own journal alike. */
function without(kind: Mark['kind']): Seams['newsOfOrders'] {
  return (news) => news.filter((one) => one.type === 'unlearned' || one.mark.kind !== kind);
}

/** A recount sets the number when it is heard of, whatever has happened since somebody counted. */
function asJustCounted(mark: Mark, known: () => Iterable<Mark>): Mark {
  if (mark.kind !== 'recounted') return mark;
  return { ...mark, at: [...known()].reduce((last, { at }) => (at.ms > last.ms ? at : last), mark.at) };
}

/** The same for the ticket of a wristband. */
function newestBindingOnly(marks: readonly Mark[]): readonly Mark[] {
  const newest = new Map<string, Mark>();
  for (const mark of marks) {
    if (mark.kind !== 'bound') continue;
    const known = newest.get(mark.tagHash);
    if (known === undefined || mark.at.ms >= known.at.ms) newest.set(mark.tagHash, mark);
  }
  return [...newest.values()];
}

/** What came first happened first. */
const inArrivalOrder = (marks: readonly Mark[]): readonly Mark[] => {
  const first = marks[0]?.at.ms ?? 0;
  return marks.map((mark, index) => ({ ...mark, at: { ms: first, counter: index } }));
};

/** Checks everything but who has signed: as if every chunk had been signed by the key that it is checked with. */
function believingEverySignature(ledger: Ledger): Ledger {
  const anybody = keyPairFromSeed(sha256(utf8('anybody')));
  return {
    ...ledger,
    check: (chunk, _publicKey, known) => {
      const { form, from } = chunk.head;
      return ledger.check(
        signChunk(anybody.secretKey, chunk.head, form, from, chunk.payload),
        anybody.publicKey,
        known,
      );
    },
  };
}

/** Takes marks in behind ones that are missing, as if those were known. */
function overlookingGaps(ledger: Ledger): Ledger {
  return {
    ...ledger,
    check: (chunk, publicKey, known) => {
      const checked = ledger.check(chunk, publicKey, known);
      if (checked.ok || checked.error.type !== 'gap') return checked;
      const { head } = chunk;
      const hash = chunk.payload.length === 0 ? head.hash : hashBefore(chunk.payload);
      return hash === undefined ? checked : ledger.check(chunk, publicKey, { ...head, count: head.from, hash });
    },
  };
}

function callingAllActive({ gateKey }: GateDirectory): GateDirectory {
  return {
    gateKey: async (event, gate) => {
      const key = await gateKey(event, gate);
      return key === undefined ? undefined : { ...key, state: 'active' };
    },
  };
}

/** As if a revoked gate had never been believed in anything. */
function acceptingNothing({ gateKey }: GateDirectory): GateDirectory {
  return {
    gateKey: async (event, gate) => {
      const key = await gateKey(event, gate);
      return key?.state === 'revoked' ? { ...key, accepted: [] } : key;
    },
  };
}

/** What a tail says of the marks before its own: the hash that it begins with. */
function hashBefore(payload: Uint8Array): string | undefined {
  const list = cborDecode(payload, chunkBytesMax, 1);
  const before = list.ok && Array.isArray(list.value) ? list.value[0] : undefined;
  return before instanceof Uint8Array && before.length === hashBytes ? bytesToHex(before) : undefined;
}

/** Sends nothing while nobody answers, and begins with what is new when somebody does again: what was made in between is forgotten. */
function droppingTheBacklog(journal: LocalJournalReader, isInTouch: () => boolean): LocalJournalReader {
  const forgottenUpTo = new Map<string, number>();
  let wasInTouch = true;
  return {
    ...journal,
    marksAfter: (writer, sequence, limit) => {
      const key = writerKey(writer);
      const marks = journal.marksAfter(writer, sequence, limit);
      if (!isInTouch()) {
        wasInTouch = false;
        return [];
      }
      if (!wasInTouch) {
        wasInTouch = true;
        forgottenUpTo.set(key, sequence + marks.length);
      }
      return sequence < (forgottenUpTo.get(key) ?? 0) ? [] : marks;
    },
  };
}

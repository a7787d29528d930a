// Goal: whatever arrives in which order, a gate's count of its own marks and its replicator's count of the others' come together to what
// the simulation's judge counts over all of them: also where the journal is an old image, and others know how that start went on.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareMarkIds, encodeMark, type Mark } from '@postern/shared';
import { countPersons, createZoneCounts } from '../../../../gate-agent/src/counts/zone-counts.ts';
import { createMemoryJournal } from '../../../../scripts/sim/gate-marks.ts';
import { movesAtGates, personsDue } from '../../../../scripts/sim/judge-persons.ts';
import { createSimulatedCounts } from '../../../../scripts/sim/simulated-counts.ts';
import { simulatedZone } from '../../../../scripts/sim/world.ts';
import { aMark, baseOf, bootOfTests, eveningMs } from '../../../support/marks.ts';

const { event } = baseOf();
const minuteMs = 60_000;
const gate = 'gate-a';
/** An earlier start of this gate, its running one, and two other gates. */
const earlier = { gate, boot: '0123456789abcdef' } as const;
const running = { gate, boot: bootOfTests } as const;
const writers = [
  earlier,
  running,
  { gate: 'gate-b', boot: bootOfTests },
  { gate: 'gate-c', boot: bootOfTests },
] as const;
type Writer = (typeof writers)[number];

const stepArbitrary = fc.record({
  writer: fc.constantFrom(...writers),
  minute: fc.nat(12),
  kind: fc.constantFrom('admitted', 'admitted', 'admitted', 'exited', 'lapsed', 'undone', 'corrected', 'recounted'),
  uses: fc.integer({ min: 1, max: 4 }),
  zone: fc.constantFrom(simulatedZone, simulatedZone, 'elsewhere'),
  /** What a mark takes back: nobody can know of the running start's marks before they are made. */
  of: fc.record({ writer: fc.constantFrom(earlier, ...writers.slice(2)), sequence: fc.integer({ min: 1, max: 6 }) }),
  offsetMinutes: fc.integer({ min: -8, max: 8 }),
  persons: fc.nat(50),
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer S> ? S : never;

/** In time, as every writer makes its own. */
function toMarks(steps: readonly Step[]): readonly Mark[] {
  const sequences = new Map<Writer, number>();
  return steps
    .toSorted((a, b) => a.minute - b.minute)
    .map((step): Mark => {
      const { writer, kind, uses, zone, persons } = step;
      const sequence = (sequences.get(writer) ?? 0) + 1;
      sequences.set(writer, sequence);
      const at = { ms: eveningMs + step.minute * minuteMs, counter: 0 };
      const ofTicket = {
        ...baseOf({ sequence }),
        ...writer,
        at,
        clock: { source: 'none', uncertaintyMs: 10 },
      } as const;
      const { ticketId: _ticket, epoch: _epoch, method: _method, ...ofGate } = ofTicket;
      const before = Math.min(step.of.sequence, Math.max(1, sequence - 1));
      switch (kind) {
        case 'admitted':
          return { ...aMark(), ...ofTicket, zone, uses };
        case 'exited':
          return { ...ofTicket, kind, zone };
        case 'lapsed':
          return { ...ofTicket, kind, of: { boot: writer.boot, sequence: before }, uses };
        case 'undone': {
          const of =
            writer.gate === gate ? { ...writer, sequence: before } : { ...step.of.writer, sequence: step.of.sequence };
          return { ...ofTicket, kind, reason: 'other', of };
        }
        case 'corrected':
          return { ...ofGate, kind, offsetMs: step.offsetMinutes * minuteMs, trueMs: at.ms };
        default:
          return { ...ofGate, kind: 'recounted', zone, persons };
      }
    });
}

test('a gate counts what its marks and those of others come to, in whatever order it hears of them', () => {
  fc.assert(
    fc.property(
      fc.array(stepArbitrary, { maxLength: 16 }),
      fc.nat(6),
      fc.infiniteStream(fc.nat(1_000)),
      (steps, kept, choices) => {
        const marks = toMarks(steps);
        const choose = (): number => choices.next().value;
        const isOfImage = ({ boot, sequence, ...mark }: Mark): boolean =>
          mark.gate === gate && boot === earlier.boot && sequence <= kept;
        const image = marks.filter(isOfImage);
        const journal = createMemoryJournal(image.map((mark) => ({ mark, bytes: encodeMark(mark) })));
        const others = createSimulatedCounts(journal, { asCounted: (mark) => mark });
        const own = createZoneCounts(others.find);
        image.forEach(own.note);
        // The journal is drained bit by bit, while marks of each writer come in the order in which it made them.
        const drained = [...image];
        const lines = writers.map((writer) =>
          marks.filter((mark) => mark.gate === writer.gate && mark.boot === writer.boot && !isOfImage(mark)),
        );
        while (lines.some((line) => line.length > 0)) {
          if (choose() % 3 === 0) others.learn(drained.splice(0, 1));
          const waiting = lines.filter((line) => line.length > 0);
          const mark = waiting[choose() % waiting.length]?.shift();
          if (mark === undefined) continue;
          if (mark.gate !== gate || mark.boot !== running.boot) others.learn([mark]);
          else {
            journal.add({ mark, bytes: encodeMark(mark) });
            own.note(mark);
            drained.push(mark);
          }
        }
        others.learn(drained);
        const found = countPersons(event, simulatedZone, own, others.zone(event, simulatedZone));
        others.close();
        expect(found).toBe(personsDue(marks.toSorted(compareMarkIds), movesAtGates).persons);
      },
    ),
    { numRuns: 200 },
  );
});

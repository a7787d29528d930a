// Takes in what somebody carries here as a file: the same message and the same checks as over the network, but counted by gate, for the
// person with the stick.
import type { Ingest, IngestError } from './ingest.ts';
import { err, ok, type Result } from '../result.ts';
import { decodeSyncRequest } from '../sync-messages.ts';

export interface ImportedGate {
  readonly gate: string;
  /** That were not known before. */
  readonly marks: number;
  /** Pieces that were not taken, by reason. */
  readonly refused: Readonly<Partial<Record<IngestError['type'], number>>>;
}

export type ImportError =
  | { readonly type: 'malformed'; readonly cause: string }
  | { readonly type: 'event-forbidden'; readonly event: number };

/** `from`: the file's name, kept beside what is put aside. Store faults reject. */
export async function importMessage(
  { ingest, event }: { readonly ingest: Ingest; readonly event: number },
  message: Uint8Array,
  from: string,
): Promise<Result<readonly ImportedGate[], ImportError>> {
  const request = decodeSyncRequest(message);
  if (!request.ok) return request;
  const foreign = [request.value.event, ...request.value.chunks.map(({ head }) => head.event)].find(
    (of) => of !== event,
  );
  if (foreign !== undefined) return err({ type: 'event-forbidden', event: foreign });
  const gates: ImportedGate[] = [];
  for (const chunk of request.value.chunks) {
    const result = await ingest.chunk(chunk, from);
    const { gate } = chunk.head;
    gates.push(
      result.ok
        ? { gate, marks: result.value.marks, refused: {} }
        : { gate, marks: 0, refused: { [result.error.type]: 1 } },
    );
  }
  return ok(sumImports(gates));
}

/** One entry a gate, in the order of their ids. */
export function sumImports(parts: readonly ImportedGate[]): readonly ImportedGate[] {
  const sums = new Map<string, { marks: number; refused: Partial<Record<IngestError['type'], number>> }>();
  for (const { gate, marks, refused } of parts) {
    const sum = sums.get(gate) ?? { marks: 0, refused: {} };
    sum.marks += marks;
    for (const [reason, count] of Object.entries(refused) as [IngestError['type'], number][])
      sum.refused[reason] = (sum.refused[reason] ?? 0) + count;
    sums.set(gate, sum);
  }
  return [...sums].map(([gate, sum]) => ({ gate, ...sum })).toSorted((a, b) => (a.gate < b.gate ? -1 : 1));
}

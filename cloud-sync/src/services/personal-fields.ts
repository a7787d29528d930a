// Personal fields of audit entries, for pages that show them: what has been erased says so and nothing more.
import type { Queries } from '../store/database.ts';

interface Place {
  readonly chain: string;
  readonly sequence: number;
}

/** Values by field; null where it was erased. */
export type PersonalValues = ReadonlyMap<string, string | null>;

const sequencesPerStatementMax = 1_000;
export const placeKey = ({ chain, sequence }: Place): string => `${chain}/${sequence}`;

/** By `placeKey`; entries without personal fields are not in it. */
export async function readPersonalFields(
  queries: Queries,
  places: readonly Place[],
): Promise<ReadonlyMap<string, PersonalValues>> {
  const sequencesByChain = new Map<string, number[]>();
  for (const { chain, sequence } of places)
    sequencesByChain.set(chain, [...(sequencesByChain.get(chain) ?? []), sequence]);
  const found = new Map<string, Map<string, string | null>>();
  for (const [chain, sequences] of sequencesByChain)
    for (let start = 0; start < sequences.length; start += sequencesPerStatementMax) {
      const rows = await queries
        .selectFrom('audit_field')
        .select(['chain', 'sequence', 'field', 'value'])
        .where('chain', '=', chain)
        .where('sequence', 'in', sequences.slice(start, start + sequencesPerStatementMax))
        .execute();
      for (const row of rows)
        found.set(
          placeKey(row),
          (found.get(placeKey(row)) ?? new Map<string, string | null>()).set(row.field, row.value),
        );
    }
  return found;
}

/** Address and device of the requests that marks or audit entries came by, by `useKey`. */
export async function readOrigins(
  queries: Queries,
  event: number,
  uses: readonly Use[],
): Promise<ReadonlyMap<string, Origin>> {
  const places = new Map<string, Place>();
  for (const use of uses) if (use.gate === '') places.set(useKey(use), { chain: use.boot, sequence: use.sequence });
  const marks = new Map(uses.filter(({ gate }) => gate !== '').map((use) => [`${event}/${useKey(use)}`, useKey(use)]));
  const entries =
    marks.size === 0
      ? []
      : await queries
          .selectFrom('audit_entry')
          .select(['chain', 'sequence', 'mark'])
          .where('mark', 'in', [...marks.keys()])
          .execute();
  for (const { mark, chain, sequence } of entries) places.set(marks.get(mark ?? '') ?? '', { chain, sequence });
  const personal = await readPersonalFields(queries, [...places.values()]);
  return new Map(
    [...places].map(([key, place]) => {
      const values = personal.get(placeKey(place));
      const [address, device] = [values?.get('address') ?? undefined, values?.get('device') ?? undefined];
      return [key, { ...(address === undefined ? {} : { address }), ...(device === undefined ? {} : { device }) }];
    }),
  );
}

interface Use {
  readonly gate: string;
  readonly boot: string;
  readonly sequence: number;
}
export interface Origin {
  readonly address?: string;
  readonly device?: string;
}
export const useKey = ({ gate, boot, sequence }: Use): string => `${gate}/${boot}/${sequence}`;

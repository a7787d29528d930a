// The two files in which gates get faces (face-files.ts of the shared package): sealed templates, and the keys to them. Neither is ever
// written to a disk here, as other files of the feed are: they are made from the rows whenever a gate asks for one by its hash. A face
// that has ended is in none, and a file that had it can no longer be made: the gate is told that there is a newer version.
import { setImmediate } from 'node:timers/promises';
import {
  assert,
  base64ToBytes,
  bytesToHex,
  encodeFaceKeys,
  encodeFaceTemplates,
  manifestSchema,
  sha256,
  type Clock,
  type FaceKey,
  type FileReference,
  type Manifest,
  type SealedFace,
} from '@postern/shared';
import { z } from 'zod';
import type { Database } from '../store/database.ts';
import { bindingOf, openFaceKey, selectKeyedFaces } from './face-rows.ts';
import { readFaceRules } from './face-setup.ts';
import type { Vault } from './vault.ts';

/** Faces read at a time. */
const pageRows = 500;
/** Versions of a feed that gates may still be fetching. */
const versionsSearched = 5;

export type FaceReferences = NonNullable<Manifest['faces']>;

export interface FaceFeed {
  /**
   * What the manifest of this revision of the rules says of faces: nothing where there are none. `gone` where one of them has ended since:
   * then there is a newer revision.
   */
  readonly referencesAt: (event: number, revision: number) => Promise<FaceReferences | undefined | 'gone'>;
  /** The bytes of a file that a recent manifest names; undefined where there is none, or a face in it has ended. */
  readonly read: (event: number, sha256: string) => Promise<Uint8Array | undefined>;
}

export interface FaceFeedDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly vault: Vault;
}

interface Built {
  readonly revision: number;
  /** When the promised time is over. */
  readonly untilMs: number;
  readonly templates: Uint8Array;
  readonly keys: Uint8Array;
  readonly references: FaceReferences;
}

export function createFaceFeed({ database, clock, vault }: FaceFeedDeps): FaceFeed {
  /** The last that was made of each event: fifty gates ask for the same. */
  const kept = new Map<number, Built>();

  /** Whether a face of this revision has ended since. */
  const isSpoilt = async (event: number, revision: number): Promise<boolean> => {
    const ended = await database
      .selectFrom('face')
      .select('subject')
      .where('event', '=', event)
      .where('from_revision', '<=', revision)
      .where('until_revision', '>', revision)
      .limit(1)
      .executeTakeFirst();
    return ended !== undefined;
  };

  /** Those of the revision that have not ended, with their keys; a bit at a time, between which other requests have their turn. */
  const readFaces = async (event: number, revision: number): Promise<readonly (SealedFace & FaceKey)[]> => {
    const faces: (SealedFace & FaceKey)[] = [];
    for (let after = ''; ;) {
      const page = await selectKeyedFaces(database, event)
        .where('face.subject', '>', after)
        .where('face.from_revision', '<=', revision)
        .orderBy('face.subject')
        .limit(pageRows)
        .execute();
      for (const row of page) {
        const sealed = base64ToBytes(row.sealed ?? '');
        assert(sealed !== undefined, 'a face that is in force is sealed');
        faces.push({ ...bindingOf(row), sealed, key: openFaceKey(vault, row, row.sealed_key) });
      }
      if (page.length < pageRows) return faces;
      after = page.at(-1)?.subject ?? '';
      await setImmediate();
    }
  };

  const build = async (event: number, revision: number): Promise<Built | undefined | 'gone'> => {
    const rules = await readFaceRules(database, event);
    const untilMs = (rules?.untilS ?? 0) * 1_000;
    if (clock.wallMs() >= untilMs) return undefined;
    const faces = await readFaces(event, revision);
    // Whoever has ended while they were read is missing in some of them, and in none that a gate takes.
    if (await isSpoilt(event, revision)) return 'gone';
    if (faces.length === 0) return undefined;
    const templates = encodeFaceTemplates(event, faces);
    const keys = encodeFaceKeys(event, faces);
    for (const { key } of faces) key.fill(0);
    return { revision, untilMs, templates, keys, references: { templates: nameOf(templates), keys: nameOf(keys) } };
  };

  const isGood = async (event: number, { revision, untilMs }: Built): Promise<boolean> =>
    clock.wallMs() < untilMs && !(await isSpoilt(event, revision));

  const builtAt = async (event: number, revision: number): Promise<Built | undefined | 'gone'> => {
    const known = kept.get(event);
    // Somebody else may have emptied it meanwhile.
    if (known?.revision === revision && (await isGood(event, known)) && kept.get(event) === known) return known;
    known?.keys.fill(0);
    kept.delete(event);
    const built = await build(event, revision);
    if (built !== undefined && built !== 'gone') kept.set(event, built);
    return built;
  };

  return {
    referencesAt: async (event, revision) => {
      const built = await builtAt(event, revision);
      return built === undefined || built === 'gone' ? built : built.references;
    },
    read: async (event, hash) => {
      const versions = await database
        .selectFrom('feed')
        .select(['files', 'rules_revision'])
        .where('event', '=', event)
        .orderBy('version', 'desc')
        .limit(versionsSearched)
        .execute();
      const named = versions.find(({ files }) => {
        const { faces } = filesSchema.parse(JSON.parse(files));
        return faces !== undefined && (faces.templates.sha256 === hash || faces.keys.sha256 === hash);
      });
      const built = named === undefined ? undefined : await builtAt(event, named.rules_revision);
      if (built === undefined || built === 'gone') return undefined;
      const { templates, keys, references } = built;
      // A copy: what is kept may be wiped while this one is on its way.
      if (references.templates.sha256 === hash) return Uint8Array.from(templates);
      return references.keys.sha256 === hash ? Uint8Array.from(keys) : undefined;
    },
  };
}

const filesSchema = z.object({ faces: manifestSchema.shape.faces });

const nameOf = (bytes: Uint8Array): FileReference => ({ sha256: bytesToHex(sha256(bytes)), bytes: bytes.length });

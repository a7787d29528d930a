// The two other CRDT libraries that would come to mind for an append-only list of marks: a list of bytes in each, one transaction a batch,
// the update of that batch exported for peers. Neither signs, and neither says who has written what; the ledger's figures include both.
import { LoroDoc } from 'loro-crdt';
import { Doc, applyUpdate, encodeStateAsUpdate, encodeStateVector, type Array as YArray } from 'yjs';

export interface Rival {
  readonly name: string;
  readonly open: () => RivalDocument;
}

export interface RivalDocument {
  /** Appends marks in one transaction; answers with the update that a peer needs. */
  readonly append: (marks: readonly Uint8Array[]) => Uint8Array;
  readonly apply: (update: Uint8Array) => void;
  /** All of it, as it is kept or sent to somebody new. */
  readonly whole: () => Uint8Array;
}

const listName = 'marks';

const yjs: Rival = {
  name: 'Yjs',
  open: () => {
    const document = new Doc();
    const list: YArray<Uint8Array> = document.getArray(listName);
    return {
      append: (marks) => {
        const before = encodeStateVector(document);
        document.transact(() => list.push([...marks]));
        return encodeStateAsUpdate(document, before);
      },
      apply: (update) => applyUpdate(document, update),
      whole: () => encodeStateAsUpdate(document),
    };
  },
};

const loro: Rival = {
  name: 'Loro',
  open: () => {
    const document = new LoroDoc();
    const list = document.getList(listName);
    return {
      append: (marks) => {
        const from = document.version();
        for (const mark of marks) list.push(mark);
        document.commit();
        return document.export({ mode: 'update', from });
      },
      apply: (update) => void document.import(update),
      whole: () => document.export({ mode: 'snapshot' }),
    };
  },
};

export const rivals: readonly Rival[] = [yjs, loro];

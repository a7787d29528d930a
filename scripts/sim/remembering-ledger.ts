// The real ledger, asked each question once. What a check finds is a pure function of the chunk, the key and what is known before, and in a
// simulated world twenty replicas ask the same: without this nine tenths of its time would be equal signatures verified again.
import type { Ledger, SegmentState, SignedChunk } from '@postern/shared';

/** For one world: it forgets nothing. */
export function rememberingLedger(ledger: Ledger): Ledger {
  const answers = new Map<string, ReturnType<Ledger['check']>>();
  return {
    ...ledger,
    check: (chunk, publicKey, known) => {
      const question = `${keyOfChunk(chunk)}${textOf(publicKey)}${keyOfState(known)}`;
      const answer = answers.get(question) ?? ledger.check(chunk, publicKey, known);
      answers.set(question, answer);
      return answer;
    },
  };
}

/** All bytes of it: a chunk of which one bit was changed is another one. */
const keyOfChunk = ({ headBytes, signature, payload }: SignedChunk): string =>
  `${headBytes.length} ${signature.length} ${textOf(headBytes)}${textOf(signature)}${textOf(payload)}`;

const keyOfState = (known: SegmentState | undefined): string =>
  known === undefined
    ? ''
    : `${known.firstSequence} ${known.count} ${known.hash} ${known.closed} ${known.through.ms} ${known.through.counter}`;

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

// Tickets, codes and tokens as the feed has them: the overlay of deltas first, then the immutable snapshot. One indexed read a question,
// however many tickets there are, and whatever keeps them: a `TicketLayer` is all that it asks of that.
import {
  codeHash,
  decodeTicketRow,
  decodeTokenRow,
  hexToBytes,
  parseShortCode,
  readCodeReference,
  tagHash,
  ticketIdBytes,
  ticketIdPattern,
  ticketKey,
  tokenKey,
  type CodeReference,
  type Lookups,
  type Manifest,
  type NftLookups,
  type TagMedium,
  type Ticket,
  type TokenEntry,
} from '@postern/shared';

/** More tickets than ever share the 20 bits that a short code begins with. */
export const shortCodeCandidatesMax = 256;

/** Rows as feed-snapshot.ts encodes them; undefined where there is none. */
export interface TicketLayer {
  readonly byKey: (key: Uint8Array) => readonly unknown[] | undefined;
  /** Those with `from <= key < until`, at most `shortCodeCandidatesMax`. */
  readonly byKeyRange: (from: Uint8Array, until: Uint8Array) => readonly (readonly unknown[])[];
  /** What the code leads to: bytes, or null where it leads nowhere any more. */
  readonly code: (hash: Uint8Array) => readonly unknown[] | undefined;
  readonly token: (key: Uint8Array) => readonly unknown[] | undefined;
}

/** What deltas say. */
export interface OverlayLayer extends TicketLayer {
  /** True until a first row: most of the time there is nothing to ask. */
  readonly empty: () => boolean;
}

/** What can be looked up in the list alone: to which ticket a tag is bound, marks say. */
export interface TicketSource extends Omit<Lookups, 'tag'> {
  readonly tagHash: (medium: TagMedium, id: Uint8Array) => string;
  readonly ticket: (ticketId: string) => Ticket | undefined;
}

export function createTicketSource(snapshot: TicketLayer, overlay: OverlayLayer, manifest: Manifest): TicketSource {
  const codeHashKey = hexToBytes(manifest.codeHashKey) ?? new Uint8Array(0);

  const firstRow = (query: (layer: TicketLayer) => readonly unknown[] | undefined): readonly unknown[] | undefined =>
    (overlay.empty() ? undefined : query(overlay)) ?? query(snapshot);

  const ticket = (ticketId: string): Ticket | undefined => {
    if (!ticketIdPattern.test(ticketId)) return undefined;
    const key = ticketKey(ticketId);
    const row = firstRow((layer) => layer.byKey(key));
    return row === undefined ? undefined : decodeTicketRow(row);
  };

  /** The tickets whose keys lie in `from <= key < until`, as the newer layer has them. */
  const ticketsBetween = (from: Uint8Array, until: Uint8Array): readonly Ticket[] => {
    const rows = [snapshot, overlay].flatMap((layer) => layer.byKeyRange(from, until));
    const found = rows.map(decodeTicketRow).filter((row) => row !== undefined);
    return [...new Map(found.map((row) => [row.id, row])).values()];
  };

  /** Two tickets for one code is a question for a person with the other code at hand, not for us to guess. */
  const onlyTicket = (found: readonly Ticket[]): Ticket | undefined => (found.length === 1 ? found[0] : undefined);

  /** With the reference's own epoch, not the ticket's: a transfer kills what led to it, which the feed still knows as an old one. */
  const ticketOf = ({ keyPrefix, epoch }: CodeReference): Ticket | undefined => {
    const found = onlyTicket(ticketsBetween(keyPrefix, endOfPrefix(keyPrefix)));
    return found === undefined ? undefined : { ...found, epoch };
  };

  const nft = nftLookupsOf(manifest, (key) => {
    const row = firstRow((layer) => layer.token(key));
    const token = row === undefined ? undefined : decodeTokenRow(row);
    const of = token === undefined ? undefined : ticketOf(token.ticket);
    return token === undefined || of === undefined ? undefined : { ...token, ticket: of };
  });

  const issuerKeys = new Map(
    manifest.keys
      .filter((key) => key.use === 'issuer')
      .map((key) => [key.keyId, { publicKey: hexToBytes(key.publicKey) ?? new Uint8Array(0), state: key.state }]),
  );

  return {
    event: manifest.event,
    ticket,
    tagHash: (medium, id) => tagHash(codeHashKey, medium, id),
    issuerKey: (keyIdHex) => issuerKeys.get(keyIdHex),
    ticketByCode: (code) => {
      const hash = codeHash(codeHashKey, code);
      const stored = firstRow((layer) => layer.code(hash))?.[0];
      const reference = stored instanceof Uint8Array ? readCodeReference(stored) : undefined;
      return reference === undefined ? undefined : ticketOf(reference);
    },
    ticketByShortCode: (typed) => {
      const parsed = parseShortCode(codeHashKey, typed);
      if (parsed === undefined) return undefined;
      const candidates = ticketsBetween(parsed.from, parsed.until).flatMap((candidate): Ticket[] => {
        const epoch = parsed.epochFor(candidate.id, candidate.epoch);
        return epoch === undefined ? [] : [{ ...candidate, epoch }];
      });
      return onlyTicket(candidates);
    },
    nft: () => nft,
  };
}

/** What the event's rules and the manifest say of the chain, and whose a token is. */
function nftLookupsOf(
  { policy: { nft: rules }, chain }: Manifest,
  token: (key: Uint8Array) => TokenEntry | undefined,
): NftLookups | undefined {
  if (rules === undefined) return undefined;
  return { rules, head: chain, token: (tokenId) => token(tokenKey(rules.contract, tokenId)) };
}

/** The least byte string after all that begin with `prefix`; longer than any key when the prefix is all ones. */
function endOfPrefix(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix);
  for (let index = end.length - 1; index >= 0; index--) {
    const byte = end[index] ?? 0;
    if (byte < 0xff) {
      end[index] = byte + 1;
      return end.slice(0, index + 1);
    }
  }
  return new Uint8Array(ticketIdBytes + 1).fill(0xff);
}

// Postern's SDK for browsers: says where this phone is, signed by a key that never leaves it (WebCrypto's Ed25519, kept in IndexedDB, not
// exportable). One file, no dependencies; Chromium from 137, Firefox from 129, Safari from 17. The format is that of
// shared/src/geofence-proof.ts.
//
//   import { openGeofence } from 'https://tickets.example/sdk/geofence.js';
//   const geofence = await openGeofence('0190…');                      // the ticket: one key for each
//   // Its public key goes to POST /api/tickets/{ticket}/methods/geofence/generate as {"holderKey": …}; the answer is {payload: {holderPass}}.
//   const stop = geofence.watch({ url: 'https://tickets.example/webhooks/geofence/1', holderPass, onOutcome: (outcome) => … });

export interface GeofenceFix {
  /** Unix seconds. */
  readonly atS: number;
  readonly lat: number;
  readonly lon: number;
  /** Metres. */
  readonly accuracyM: number;
}

/** What the service made of the last fix. */
export interface GeofenceOutcome {
  readonly state: 'present' | 'waiting' | 'refused' | 'ignored' | 'unsent';
  readonly reason?: string;
  readonly zones?: readonly string[];
  readonly precheckedUntilMs?: number;
  readonly admission?: { readonly success: boolean; readonly reason: string; readonly text: string };
}

export interface Geofence {
  /** 64 hexadecimal digits. */
  readonly publicKey: string;
  /** A message with these fixes, the oldest first; at most 12. Good for as long as the last of them is fresh. */
  readonly proof: (holderPass: string, fixes: readonly GeofenceFix[]) => Promise<string>;
  readonly send: (url: string, holderPass: string, fixes: readonly GeofenceFix[]) => Promise<GeofenceOutcome>;
  /** Follows the phone, and sends what is new every `everyS` seconds. Ends with the function that it answers with. */
  readonly watch: (options: WatchOptions) => () => void;
  /** Forgets the key. */
  readonly forget: () => Promise<void>;
}

export interface WatchOptions {
  readonly url: string;
  readonly holderPass: string;
  readonly onOutcome: (outcome: GeofenceOutcome) => void;
  readonly onError?: (error: GeolocationPositionError) => void;
  readonly everyS?: number;
}

const fixesMax = 12;
const domain = 'postern-geofence-v1\0';
const databaseName = 'postern-geofence';

interface Kept {
  readonly keys: CryptoKeyPair;
  /** Of the last message: rises, and is written down before the message goes out. */
  readonly number: number;
}

export async function openGeofence(ticket: string): Promise<Geofence> {
  const database = await openDatabase();
  const kept = await readOrMake(database, ticket);
  const publicKey = toHex(new Uint8Array(await crypto.subtle.exportKey('raw', kept.keys.publicKey)));

  const proof: Geofence['proof'] = async (holderPass, fixes) => {
    const pass = fromBase64Url(holderPass);
    const number = await raiseNumber(database, ticket);
    const said = new TextEncoder().encode(
      JSON.stringify({
        n: number,
        f: fixes.slice(-fixesMax).map(({ atS, lat, lon, accuracyM }) => [atS, lat, lon, accuracyM]),
      }),
    );
    const length = Uint8Array.of(pass.length >> 8, pass.length & 0xff);
    const message = concat(new TextEncoder().encode(domain), length, pass, said);
    const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', kept.keys.privateKey, message));
    return `PG1:${[pass, said, signature].map(toBase64Url).join('.')}`;
  };

  const send: Geofence['send'] = async (url, holderPass, fixes) => {
    try {
      const response = await fetch(url, {
        method: 'POST',
        // Plain text, so that the browser asks another origin nothing first.
        headers: { 'Content-Type': 'text/plain' },
        body: JSON.stringify({ _type: 'postern-location', proof: await proof(holderPass, fixes) }),
        credentials: 'omit',
      });
      const answer = (await response.json()) as GeofenceOutcome & { readonly type?: string };
      return response.ok ? answer : { state: 'refused', reason: answer.type ?? `${response.status}` };
    } catch {
      // No network: the fixes stay, and go with the next ones.
      return { state: 'unsent' };
    }
  };

  const watch: Geofence['watch'] = ({ url, holderPass, onOutcome, onError, everyS = 10 }) => {
    let fixes: GeofenceFix[] = [];
    let isSending = false;
    const watching = navigator.geolocation.watchPosition(
      ({ coords, timestamp }) => {
        const atS = Math.floor(timestamp / 1_000);
        if (atS <= (fixes.at(-1)?.atS ?? 0)) return;
        const { latitude, longitude, accuracy } = coords;
        fixes = [
          ...fixes,
          { atS, lat: round(latitude, 6), lon: round(longitude, 6), accuracyM: round(accuracy, 1) },
        ].slice(-fixesMax);
      },
      (error) => onError?.(error),
      { enableHighAccuracy: true, maximumAge: 0, timeout: 60_000 },
    );
    const sendNew = async (): Promise<void> => {
      const sent = fixes;
      if (sent.length === 0 || isSending) return;
      isSending = true;
      const outcome = await send(url, holderPass, sent);
      isSending = false;
      if (outcome.state !== 'unsent') fixes = fixes.filter((fix) => !sent.includes(fix));
      onOutcome(outcome);
    };
    const timer = setInterval(() => void sendNew(), everyS * 1_000);
    return () => {
      clearInterval(timer);
      navigator.geolocation.clearWatch(watching);
    };
  };

  return {
    publicKey,
    proof,
    send,
    watch,
    forget: () => inStore(database, 'readwrite', (store) => store.delete(ticket)),
  };
}

// ---- the key, in this browser

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(databaseName, 1);
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('keys'));
  return settled(opening);
}

async function readOrMake(database: IDBDatabase, ticket: string): Promise<Kept> {
  const read = (): Promise<Kept | undefined> => inStore(database, 'readonly', (store) => store.get(ticket));
  const known = await read();
  if (known !== undefined) return known;
  const keys = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
  try {
    await inStore(database, 'readwrite', (store) => store.add({ keys, number: 0 } satisfies Kept, ticket));
  } catch {
    // Another tab was quicker: its key counts.
  }
  const made = await read();
  if (made === undefined) throw new Error('this browser keeps no keys');
  return made;
}

/** In one transaction: two tabs never say the same number. */
function raiseNumber(database: IDBDatabase, ticket: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('keys', 'readwrite');
    const store = transaction.objectStore('keys');
    const reading = store.get(ticket);
    let number = 0;
    reading.addEventListener('success', () => {
      const kept = reading.result as Kept | undefined;
      if (kept === undefined) return transaction.abort();
      number = kept.number + 1;
      return void store.put({ ...kept, number }, ticket);
    });
    transaction.addEventListener('complete', () => resolve(number));
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('the key was forgotten')));
  });
}

const inStore = <T>(
  database: IDBDatabase,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest,
): Promise<T> => settled<T>(work(database.transaction('keys', mode).objectStore('keys')));

const settled = <T>(request: IDBRequest): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result as T));
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB failed')));
  });

// ---- bytes and texts

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;

const toHex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const fromBase64Url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));

function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    bytes.set(part, end);
    end += part.length;
  }
  return bytes;
}

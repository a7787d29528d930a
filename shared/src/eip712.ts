// EIP-712: the hash of typed data that a wallet shows field by field before it signs. The value is the very JSON that wallets take
// (`eth_signTypedData_v4`). Structs in structs, but no arrays and no signed numbers: nothing of ours has any.
import { hexToBytes, concatBytes, utf8 } from './bytes.ts';
import { keccak256, toWord, uintToBytes } from './ethereum.ts';
import { assert } from './result.ts';

export interface TypedField {
  readonly name: string;
  readonly type: string;
}
/** Numbers in decimal, bytes and addresses in hexadecimal with `0x`. */
export type TypedValue = string | number | boolean | { readonly [field: string]: TypedValue };
export interface TypedData {
  /** `EIP712Domain` among them. */
  readonly types: Readonly<Record<string, readonly TypedField[]>>;
  readonly primaryType: string;
  readonly domain: Readonly<Record<string, TypedValue>>;
  readonly message: Readonly<Record<string, TypedValue>>;
}

/** What is signed. Types and values are our own: anything that does not fit is a bug. */
export const hashTypedData = (data: TypedData): Uint8Array =>
  keccak256(
    Uint8Array.of(0x19, 0x01),
    hashStruct(data, 'EIP712Domain', data.domain),
    hashStruct(data, data.primaryType, data.message),
  );

function hashStruct({ types }: Pick<TypedData, 'types'>, name: string, value: TypedData['message']): Uint8Array {
  const fields = types[name];
  assert(fields !== undefined, `a type ${name}`);
  const typeHash = keccak256(utf8(encodeType(types, name)));
  const encoded = fields.map((field) => {
    const given = value[field.name];
    assert(given !== undefined, `a value of ${field.name}`);
    return typeof given === 'object' ? hashStruct({ types }, field.type, given) : encodeAtom(field.type, given);
  });
  return keccak256(typeHash, ...encoded);
}

/** The type itself first, then those it refers to, by name. */
function encodeType(types: TypedData['types'], name: string): string {
  const referred = new Set<string>();
  const follow = (type: string): void => {
    for (const field of types[type] ?? [])
      if (types[field.type] !== undefined && field.type !== name && !referred.has(field.type)) {
        referred.add(field.type);
        follow(field.type);
      }
  };
  follow(name);
  return [name, ...[...referred].toSorted()]
    .map((type) => `${type}(${(types[type] ?? []).map((field) => `${field.type} ${field.name}`).join(',')})`)
    .join('');
}

/** Every member has 32 bytes; what may be longer stands there as its hash. */
function encodeAtom(type: string, value: string | number | boolean): Uint8Array {
  if (type === 'string') return keccak256(utf8(String(value)));
  if (type === 'bool') return toWord(Uint8Array.of(value === true ? 1 : 0));
  if (/^uint\d+$/.test(type)) {
    const word = uintToBytes(BigInt(value));
    assert(word.length * 8 <= Number(type.slice(4)), `a number that fits ${type}`);
    return toWord(word);
  }
  const bytes = hexToBytes(String(value).replace(/^0x/, ''));
  assert(bytes !== undefined, `bytes in hexadecimal for ${type}`);
  if (type === 'bytes') return keccak256(bytes);
  if (type === 'address') {
    assert(bytes.length === 20, 'an address has 20 bytes');
    return toWord(bytes);
  }
  const size = Number(/^bytes(\d{1,2})$/.exec(type)?.[1]);
  assert(size >= 1 && size <= 32 && bytes.length === size, `a value that fits ${type}`);
  return concatBytes(bytes, new Uint8Array(32 - size));
}

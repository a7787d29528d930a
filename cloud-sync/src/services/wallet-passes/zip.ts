// Files as a ZIP archive (PKWARE APPNOTE 6.3) without compression: a pass is a few kilobytes, most of it pictures and a signature.
import { crc32 } from 'node:zlib';
import { utf8 } from '@postern/shared';

const version = 20;
/** Bit 11: names are UTF-8. */
const flags = 0x0800;

/** In the order of `files`, all of the time `nowMs`. */
export function zip(files: ReadonlyMap<string, Uint8Array>, nowMs: number): Uint8Array {
  const { time, date } = dosTime(nowMs);
  const entries: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [path, bytes] of files) {
    const name = utf8(path);
    // What both headers say: from the version needed to the length of the extra field.
    const about = Buffer.alloc(26);
    about.writeUInt16LE(version, 0);
    about.writeUInt16LE(flags, 2);
    about.writeUInt16LE(time, 6);
    about.writeUInt16LE(date, 8);
    about.writeUInt32LE(crc32(bytes), 10);
    about.writeUInt32LE(bytes.length, 14);
    about.writeUInt32LE(bytes.length, 18);
    about.writeUInt16LE(name.length, 22);
    const entry = Buffer.concat([signature(0x04034b50), about, name, bytes]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    entries.push(entry);
    directory.push(signature(0x02014b50), Uint8Array.of(version, 0), about, place, name);
    offset += entry.length;
  }
  const directoryBytes = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.size, 4);
  end.writeUInt16LE(files.size, 6);
  end.writeUInt32LE(directoryBytes.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...entries, directoryBytes, signature(0x06054b50), end]);
}

function signature(number: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

/** To two seconds, from 1980 on. */
function dosTime(ms: number): { readonly time: number; readonly date: number } {
  const at = new Date(Math.max(ms, Date.UTC(1980, 0, 1)));
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}

// Where a gate's downloads lie until they are checked.
import { open, rm } from 'node:fs/promises';
import type { DownloadDisk } from '../feed-download.ts';

export const downloadDisk: DownloadDisk = {
  open: async (path) => {
    const file = await open(path, 'w');
    return { write: (chunk) => file.writeFile(chunk), close: () => file.close() };
  },
  remove: (path) => rm(path, { force: true }),
};

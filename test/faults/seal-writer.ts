// A process that only seals a data folder, as a gate's first start with a key does. Killed by the fault tests. Arguments: folder, key.
import { ready } from '@postern/shared';
import { sealFolder } from '../../gate-agent/src/store/seal-folder.ts';
import { silentLogger } from '../support/gate-rig.ts';

const [data = '', key = ''] = process.argv.slice(2);
await ready;
await sealFolder(data, { key, logger: silentLogger, signal: new AbortController().signal });

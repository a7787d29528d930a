// The doctor's look at whether somebody who takes the card could read it: the key of the databases, where it lies, and what is still unsealed.
import { stat } from 'node:fs/promises';
import { diskKeyPath } from '../disk-key.ts';
import { carrySealed } from '../local-api/health.ts';
import { readRevoked } from '../revocation.ts';
import { sealedFiles } from '../seal-marks.ts';
import { unsealedFiles } from '../store/seal-folder.ts';
import { fail, warn, well, type DoctorDeps, type Finding } from './doctor-finding.ts';

const about = 'at rest';

/** Of a gate that is still one there is nothing to say. */
export const checkRevoked = ({ folder: { data } }: DoctorDeps): Finding | undefined =>
  readRevoked(data) === undefined
    ? undefined
    : fail(
        'revoked',
        'the cloud has revoked this gate: it has forgotten its ticket list and lets nobody in',
        `${carrySealed(sealedFiles(data))}the machine may join again as another gate, in a new folder`,
      );

export async function checkSeal({ folder: { data, findKey } }: DoctorDeps): Promise<Finding> {
  const found = findKey();
  if (!found.ok) {
    const [text = '', next = 'look at "On the disk" in the README'] = found.error.message.split(/; (.*)/s);
    return fail(about, text, next);
  }
  const { key, from, sealed } = found.value;
  if (key === undefined || from === undefined)
    return warn(
      about,
      "the databases are not encrypted: whoever takes this gate's card reads them",
      `make a key, then restart the agent, which encrypts them: (umask 077; od -An -vtx1 -N32 /dev/urandom | tr -d ' \\n' > ${diskKeyPath(data)})`,
    );
  const { mode, dev } = await stat(from);
  if ((mode & 0o077) !== 0)
    return fail(about, `others on this machine can read the disk key ${from}`, `chmod 600 ${from}`);
  const unsealed = unsealedFiles(data);
  if (!sealed && unsealed.length > 0)
    return warn(about, `there is a key (${from}), not used yet`, 'restart the agent: it encrypts the databases');
  if (unsealed.length > 0)
    return warn(
      about,
      `not encrypted yet: ${unsealed.join(', ')}`,
      'restart the agent; if it stays so, make room on the disk and look at its log',
    );
  // Credentials of systemd lie in memory, a stick or a second disk on another device.
  const beside = dev === (await stat(data)).dev;
  return well(
    about,
    beside ? `encrypted, with the key on the same disk (${from})` : `encrypted, with the key from ${from}`,
  );
}

// The doctor's look at what lies on this machine and at the cloud: Node, folder, disk, identity, databases, feed, clock.
import { existsSync } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { changedRows, hexToBytes, isExpired, knownFeedKeys, movedFrom, type Manifest } from '@postern/shared';
import { verifyGateCertificate } from '../certificates.ts';
import { clockFilePath, readClockFile } from '../clock-file.ts';
import { createClockTrust, type ClockTrust } from '../clock-trust.ts';
import type { EventConfig, GateConfig } from '../config.ts';
import { feedFolder, journalPath, replicaPath } from '../event-folder.ts';
import { isDeviceKeyExposed, loadIdentity, type Identity } from '../identity.ts';
import { cloudMoved } from '../local-api/health.ts';
import { openDatabase, type DiskKey } from '../store/database.ts';
import { readFeed } from '../store/read-feed.ts';
import { askServerTime } from '../time-client.ts';
import { checkFaces } from './doctor-face.ts';
import { fail, warn, well, type DoctorDeps, type Finding } from './doctor-finding.ts';
import { openKnownMarks } from './known-marks.ts';
import { duration, ticketCount } from './status.ts';

const nodeVersionMin = [20, 19] as const;
const freeBytesMin = 100 * 1024 ** 2;
const freeBytesComfortable = 1024 ** 3;
const certificateWarnMs = 30 * 86_400_000;
const enrolNext = 'make a one-time code in the cloud, then: gate-agent enrol URL CODE --data';

export function checkNode({ nodeVersion }: DoctorDeps): Finding {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return well('Node', nodeVersion);
  return fail(
    'Node',
    `${nodeVersion} is too old`,
    `install Node ${nodeVersionMin.join('.')} or later (https://nodejs.org, or the NodeSource package)`,
  );
}

/** Only as a service the gate needs it. */
export const checkServiceManager = ({ hasPackage }: DoctorDeps): readonly Finding[] =>
  hasPackage('unix-dgram')
    ? []
    : [
        warn(
          'systemd',
          'the package unix-dgram is not installed, so systemd would not hear that the gate has started and is well',
          'npm install unix-dgram, or set Type=exec and WatchdogSec=0: sudo systemctl edit gate-agent',
        ),
      ];

export async function checkFolder({ folder: { data }, userId }: DoctorDeps): Promise<readonly Finding[]> {
  try {
    const { mode, uid } = await stat(data);
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK);
    const findings: Finding[] = [];
    if (userId !== undefined && userId !== 0 && uid !== userId)
      findings.push(
        warn(
          'data folder',
          `${data} belongs to the user with id ${uid}, you are ${userId}`,
          `run this as the agent's user: sudo -u '#${uid}' gate-agent doctor …`,
        ),
      );
    if ((mode & 0o077) !== 0)
      findings.push(
        warn('data folder', `${data} is open to others (mode ${(mode & 0o777).toString(8)})`, `chmod 700 ${data}`),
      );
    if ((await isDeviceKeyExposed(data)) === true)
      findings.push(
        fail(
          'device key',
          "others on this machine can read this gate's key",
          `chmod 600 ${data}/identity/device-key.pem; if anybody may have copied it, enrol again with a new folder`,
        ),
      );
    return findings.length > 0 ? findings : [well('data folder', `${data}, open to its owner only`)];
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    return [
      missing
        ? fail('data folder', `${data} does not exist`, `${enrolNext} ${data}`)
        : fail(
            'data folder',
            `${data} cannot be read and written by you`,
            "run this as the agent's user (sudo -u postern-gate), or correct its owner",
          ),
    ];
  }
}

/** Of the disk that the data folder is on, or would be. */
export async function checkDisk({ folder: { data }, freeBytes }: DoctorDeps): Promise<Finding> {
  const next =
    'make room: old logs (journalctl --vacuum-size=100M), then a larger card; without room the gate stays shut';
  try {
    const free = await freeBytes(existsSync(data) ? data : dirname(data));
    const text = `${free >= 1024 ** 3 ? `${(free / 1024 ** 3).toFixed(1)} GB` : `${Math.floor(free / 1024 ** 2)} MB`} free`;
    if (free < freeBytesMin) return fail('disk', text, next);
    return free < freeBytesComfortable ? warn('disk', text, next) : well('disk', text);
  } catch (cause) {
    return warn(
      'disk',
      `free space unknown (${cause instanceof Error ? cause.message : 'no answer'})`,
      'look with: df -h',
    );
  }
}

export async function checkIdentity(config: GateConfig, deps: DoctorDeps): Promise<readonly Finding[]> {
  const { data } = deps.folder;
  const identity = await loadIdentity(data);
  if (!identity.ok)
    return [
      identity.error.type === 'not-enrolled'
        ? fail('identity', 'this gate has not been enrolled', `${enrolNext} ${data}`)
        : fail('identity', identity.error.cause, `${enrolNext} ${data}`),
    ];
  const { gate, event } = identity.value;
  const findings: Finding[] = [];
  if (gate.id !== config.gate.id || event.id !== config.gate.event)
    findings.push(
      fail(
        'identity',
        `enrolled as gate ${gate.id} of event ${event.id}, but the configuration says gate ${config.gate.id} of event ${config.gate.event}`,
        'correct [gate] id and event in gate.toml, or enrol again',
      ),
    );
  findings.push(await checkCertificate(identity.value, config, deps));
  return findings;
}

async function checkCertificate(
  { gate, certificate, ca }: Identity,
  config: GateConfig,
  deps: DoctorDeps,
): Promise<Finding> {
  const time = (await savedTrust(config, deps)).now();
  const verified = verifyGateCertificate(new Uint8Array(Buffer.from(certificate, 'base64')), {
    ca: new Uint8Array(Buffer.from(ca, 'base64')),
    atMs: time.nowMs,
    timeTrusted: time.trusted,
    graceMs: 0,
  });
  const again = `${enrolNext} ${deps.folder.data}`;
  if (!verified.ok) {
    const { error } = verified;
    if (error.type === 'certificate-expired')
      return fail('identity', `the certificate expired on ${date(error.notAfterMs)}`, again);
    if (error.type === 'certificate-not-yet-valid')
      return fail('identity', `the certificate is valid from ${date(error.notBeforeMs)} only`, 'check the clock');
    return fail('identity', `the certificate is not usable: ${error.cause}`, again);
  }
  const text = `gate ${gate.id} "${gate.name}", certificate until ${date(verified.value.notAfterMs)}`;
  return verified.value.notAfterMs - time.nowMs < certificateWarnMs
    ? warn('identity', text, again)
    : well('identity', text);
}

export function checkJournal(
  { id: event }: EventConfig,
  key: DiskKey | undefined,
  { folder: { data }, clock, logger }: DoctorDeps,
): Finding {
  const path = journalPath(data, event);
  if (!existsSync(path)) return well('journal', 'none yet; the first start makes it');
  const next = `keep ${path} safe (it is the record of who was let in), copy it away, and restore the folder or enrol a fresh one`;
  try {
    const trouble = quickCheck(path, key);
    if (trouble !== undefined) return fail('journal', `damaged: ${trouble}`, next);
    const known = openKnownMarks({ data, key, event, clock, logger });
    known.close();
    return well('journal', `${known.own.count} marks, sound`);
  } catch (cause) {
    return fail('journal', `cannot be read: ${cause instanceof Error ? cause.message : 'unknown'}`, next);
  }
}

export function checkReplica(
  { id: event }: EventConfig,
  key: DiskKey | undefined,
  { folder: { data } }: DoctorDeps,
): Finding {
  const path = replicaPath(data, event);
  if (!existsSync(path)) return well('replica', 'none yet; it is learned from other gates and the cloud');
  const next = `stop the agent, delete ${path}*, start it again: it is learned anew`;
  try {
    const trouble = quickCheck(path, key);
    return trouble === undefined ? well('replica', 'sound') : fail('replica', `damaged: ${trouble}`, next);
  } catch (cause) {
    return fail('replica', `cannot be read: ${cause instanceof Error ? cause.message : 'unknown'}`, next);
  }
}

/** What SQLite has to say against a file; undefined when nothing. */
function quickCheck(path: string, key: DiskKey | undefined): string | undefined {
  const database = openDatabase(path, { readonly: true, key });
  try {
    const answer: unknown = database.pragma('quick_check(1)', { simple: true });
    return answer === 'ok' ? undefined : String(answer).slice(0, 200);
  } finally {
    database.close();
  }
}

export async function checkFeed(
  { id: event, zone: zoneId }: EventConfig,
  config: GateConfig,
  key: DiskKey | undefined,
  deps: DoctorDeps,
): Promise<readonly Finding[]> {
  const next = 'start the agent in reach of the cloud, and publish the event there';
  const feed = await readFeed(feedFolder(deps.folder.data, event), event, deps.signal, key);
  if (!feed.ok)
    return [
      feed.error.type === 'feed-missing'
        ? fail('ticket list', 'none yet', next)
        : feed.error.type === 'feed-lease-over'
          ? fail(
              'ticket list',
              `forgotten on ${date(feed.error.endedMs)}: the cloud had not been heard for as long as the event allows`,
              'start the agent in reach of the cloud; it fetches the list again by itself',
            )
          : fail('ticket list', `not usable: ${feed.error.type}`, `${next}; it fetches a new one by itself`),
    ];
  const { manifest } = feed.value;
  feed.value.close();
  const { nowMs } = (await savedTrust(config, deps)).now();
  const movedTo = movedFrom(manifest.cloud, config.cloud?.url);
  return [
    judgeFeed(manifest, zoneId, nowMs, next),
    ...(movedTo === undefined ? [] : [warn('cloud', ...cloudMoved(movedTo))]),
    ...checkFaces(manifest.policy, config, { hasFaceModels: deps.hasFaceModels, isSealed: key !== undefined, nowMs }),
  ];
}

function judgeFeed(manifest: Manifest, zoneId: string, nowMs: number, next: string): Finding {
  const ageMs = Math.max(0, nowMs - manifest.createdAtMs);
  const text = `version ${manifest.version}, ${ticketCount({ tickets: manifest.snapshot.tickets, changes: changedRows(manifest) })}, made ${duration(ageMs)} ago`;
  if (isExpired(manifest, nowMs)) return fail('ticket list', `${text}, expired`, next);
  const zone = manifest.policy.zones.find(({ id }) => id === zoneId);
  if (zone === undefined)
    return fail(
      'ticket list',
      `${text}; the event has no zone "${zoneId}"`,
      `set its zone in gate.toml to one of: ${manifest.policy.zones.map(({ id }) => id).join(', ')}`,
    );
  const staleMs = manifest.policy.staleAfterMinutes * 60_000;
  return ageMs > staleMs
    ? warn(
        'ticket list',
        `${text}: stale, since the event allows ${duration(staleMs)}`,
        'start the agent in reach of the cloud; it asks by itself',
      )
    : well('ticket list', text);
}

export async function checkClock(config: GateConfig, deps: DoctorDeps): Promise<Finding> {
  const statement = (await savedTrust(config, deps)).statement();
  return statement.trusted
    ? well('clock', statement.text)
    : warn(
        'clock',
        statement.text,
        'start the agent in reach of the cloud once, or have a supervisor confirm the shown time by PIN',
      );
}

export async function checkCloud(config: GateConfig, deps: DoctorDeps): Promise<Finding> {
  if (config.cloud === undefined)
    return warn(
      'cloud',
      'no cloud in the configuration',
      'add [cloud] url = "https://…" to gate.toml, or this gate learns from other gates only',
    );
  const { url } = config.cloud;
  const keys = new Map(await timeKeys(config, deps));
  const sentMs = deps.clock.monotonicMs();
  const sample = await askServerTime(
    {
      cloudUrl: url,
      clock: deps.clock,
      random: deps.random,
      feedKeyOf: (keyId) => keys.get(keyId),
      ...(deps.fetch === undefined ? {} : { fetch: deps.fetch }),
    },
    deps.signal,
  );
  if (sample.ok)
    return well(
      'cloud',
      `${url} answers in ${Math.round(deps.clock.monotonicMs() - sentMs)} ms, signed by the key this gate knows`,
    );
  const { error } = sample;
  if (error.type === 'http-unreachable')
    return warn(
      'cloud',
      `${url} cannot be reached (${error.cause})`,
      'check cable, Wi-Fi and address; the gate works without, and catches up by itself',
    );
  if (error.type === 'server-time-key-unknown' || error.type === 'server-time-signature-invalid')
    return fail(
      'cloud',
      `${url} answers, but not with the keys of this gate's deployment`,
      'check [cloud] url; if the cloud was set up anew, enrol again',
    );
  return fail('cloud', `${url} answers, but not as a Postern cloud (${error.type})`, 'check [cloud] url in gate.toml');
}

async function timeKeys(config: GateConfig, deps: DoctorDeps): Promise<readonly [string, Uint8Array | undefined][]> {
  const identity = await loadIdentity(deps.folder.data);
  const key = deps.folder.diskKey();
  const feed = await readFeed(
    feedFolder(deps.folder.data, config.gate.event),
    config.gate.event,
    deps.signal,
    key.ok ? key.value : undefined,
  );
  if (feed.ok) feed.value.close();
  return knownFeedKeys(feed.ok ? feed.value.manifest : undefined, identity.ok ? identity.value.feedKeys : [])
    .filter(({ state }) => state !== 'revoked')
    .map(({ keyId, publicKey }) => [keyId, hexToBytes(publicKey)]);
}

const savedTrust = async (
  config: GateConfig,
  { folder: { data }, clock, machineBoot }: DoctorDeps,
): Promise<ClockTrust> =>
  createClockTrust({ clock, machineBoot, saved: await readClockFile(clockFilePath(data)), rtc: config.clock.rtc });

const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

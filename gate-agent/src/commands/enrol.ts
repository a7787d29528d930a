// `gate-agent enrol URL CODE`: makes the device key here, buys a certificate for it with the one-time code, checks everything that
// comes back, and stores identity, time and the lanes' configuration. Broken off at any point it can be repeated; only a code that
// has been spent has to be asked for again.
import { existsSync } from 'node:fs';
import { access, constants, mkdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  bytesToHex,
  err,
  gateWebPort,
  ok,
  ready,
  type Clock,
  type EnrolResponse,
  type Random,
  type Result,
} from '@postern/shared';
import { clockFilePath, readClockFile, writeClockFile, writeFileDurably } from '../clock-file.ts';
import { createClockTrust, type TimeSample } from '../clock-trust.ts';
import { credentialsFolderOf, eventsOf, hostAndPort, loadConfig, parseConfig } from '../config.ts';
import { findDiskKey, makeDiskKey } from '../disk-key.ts';
import { askForCertificate, isEnrolmentCode, type Enrolment } from '../enrolment.ts';
import { loadIdentity, openDeviceKey, saveIdentity } from '../identity.ts';
import type { CommandError } from './gate-folder.ts';
import { lanesWithoutReader, renderGateToml } from './gate-toml.ts';

/** Where other gates reach this one: on every network card, at the port of the README. */
const lanListenDefault = '0.0.0.0:7443';
/** Where handhelds do. */
const lanWebDefault = `0.0.0.0:${gateWebPort}`;

export interface EnrolOptions {
  /** Of the cloud; may carry the code as `URL#CODE`, as the QR code of an enrolment does. */
  readonly url: string;
  readonly code?: string | undefined;
  readonly data: string;
  /** `HOST:PORT` at which other gates reach this one, or `off`; default: on every network card, as in the README. */
  readonly lan?: string | undefined;
  /** False: no key for the databases is made; default: one is, where there is none. */
  readonly diskKey?: boolean | undefined;
  /** Replaces an existing gate.toml, and lets a folder become another gate's. */
  readonly force?: boolean | undefined;
}

export interface EnrolDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly machineBoot: string;
  readonly fetch?: typeof fetch;
  /** Effective user id; undefined where there is no such thing. */
  readonly userId?: number | undefined;
}

export interface Enrolled {
  readonly gate: EnrolResponse['gate'];
  readonly event: EnrolResponse['event'];
  readonly data: string;
  readonly configPath: string;
  /** `kept`: there was one already, and it has been left as it is. */
  readonly config: 'written' | 'kept';
  readonly certificateExpiresMs: number;
  /** What still needs a person, one sentence each. */
  readonly todo: readonly string[];
}

/** Each error is one sentence that says what to do. */
export async function enrol(options: EnrolOptions, deps: EnrolDeps): Promise<Result<Enrolled, CommandError>> {
  await ready;
  const address = parseAddress(options);
  if (!address.ok) return address;
  const { url, code } = address.value;
  const lan = parseLan(options.lan);
  if (!lan.ok) return lan;
  const data = resolve(options.data);
  try {
    const usable = await prepareFolder(data, deps.userId);
    if (!usable.ok) return usable;
    const device = await openDeviceKey(data, deps.random);
    if (!device.ok)
      return fail(device.error.type, 'cause' in device.error ? device.error.cause : `${data} cannot hold a device key`);
    const answer = await askForCertificate(url, code, device.value.keys, deps);
    return answer.ok
      ? await store({ ...options, data, url, lanListen: lan.value, lanWeb: lanWebOf(options) }, answer.value, deps)
      : answer;
  } catch (cause) {
    // Only the disk throws here: whatever the network does is a result.
    return fail(
      'folder-unusable',
      `${data} cannot be used (${cause instanceof Error ? cause.message : 'unknown'}); check its owner and the free space, or give another with --data DIR`,
    );
  }
}

function parseAddress({
  url: text,
  code: given,
}: EnrolOptions): Result<{ readonly url: string; readonly code: string }, CommandError> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return fail(
      'address-invalid',
      `"${text.slice(0, 200)}" is not the address of a cloud; it begins with https:// or http://, for example https://tickets.example.org`,
    );
  const code = (given ?? url.hash.slice(1)).trim();
  if (code === '')
    return fail(
      'code-missing',
      'the one-time code is missing: gate-agent enrol URL CODE; the cloud shows it where the gate is made',
    );
  if (!isEnrolmentCode(code))
    return fail(
      'code-malformed',
      'that is not a one-time code; it looks like 7K2Q-0M9T-XV4B. Copy it again from the cloud',
    );
  return ok({ url: `${url.origin}${url.pathname}`.replace(/\/+$/, ''), code });
}

function parseLan(text: string = lanListenDefault): Result<string | undefined, CommandError> {
  if (text === 'off') return ok(undefined);
  return hostAndPort.safeParse(text).success
    ? ok(text)
    : fail(
        'lan-invalid',
        `--lan is ADDRESS:PORT at which other gates reach this one, for example ${lanListenDefault}, or off; not "${text.slice(0, 200)}"`,
      );
}

/** An address of its own says that several gates share this machine, and with it the port for handhelds. */
const lanWebOf = ({ lan }: EnrolOptions): string | undefined =>
  lan === undefined || lan === lanListenDefault ? lanWebDefault : undefined;

async function prepareFolder(data: string, userId: number | undefined): Promise<Result<void, CommandError>> {
  await mkdir(data, { recursive: true, mode: 0o700 });
  await access(data, constants.W_OK | constants.X_OK);
  const { uid } = await stat(data);
  // What root writes here the agent could not read.
  if (userId === 0 && uid !== 0)
    return fail(
      'wrong-user',
      `${data} belongs to the user with id ${uid}; run this as that user: sudo -u '#${uid}' gate-agent enrol …`,
    );
  return ok(undefined);
}

async function store(
  {
    data,
    url,
    lanListen,
    lanWeb,
    force = false,
    diskKey = true,
  }: Pick<EnrolOptions, 'data' | 'url' | 'force' | 'diskKey'> & {
    readonly lanListen: string | undefined;
    readonly lanWeb: string | undefined;
  },
  { response, certificate, sample }: Enrolment,
  deps: EnrolDeps,
): Promise<Result<Enrolled, CommandError>> {
  const { gate, event, also, ca, feedKeys } = response;
  const before = await loadIdentity(data);
  if (before.ok && !force && (before.value.gate.id !== gate.id || before.value.event.id !== event.id))
    return fail(
      'folder-of-another-gate',
      `${data} is gate ${before.value.gate.id} of event ${before.value.event.id}, and the code was for gate ${gate.id} of event ${event.id}; ask for a new code and give another --data DIR, or --force to make this folder ${gate.id}'s`,
    );
  const configPath = join(data, 'gate.toml');
  const kept = existsSync(configPath) && !force;
  const toml = renderGateToml({ gate, event: event.id, also, cloudUrl: url, lanListen, lanWeb, lanes: response.lanes });
  if (!kept) await writeFileDurably(configPath, toml, 0o644);
  await learnTime(data, sample, certificate.notBeforeMs, deps);
  if (diskKey && needsDiskKey(data, configPath)) await makeDiskKey(data, deps.random);
  // Last: from here on the gate counts as enrolled.
  await saveIdentity(data, {
    v: 1,
    gate,
    event,
    cloud: url,
    publicKey: bytesToHex(certificate.publicKey),
    certificate: response.certificate,
    ca,
    feedKeys,
  });
  const todo = kept
    ? [
        `${configPath} was there already and has been left as it is; --force replaces it by the cloud's description`,
        ...(await eventsMissing(configPath, also)),
      ]
    : [
        ...lanesWithoutReader(response.lanes).map(
          (lane) => `the cloud names no reader for lane ${lane}: set readers in ${configPath}`,
        ),
        ...complaintsAbout(toml, configPath),
      ];
  return ok({
    gate,
    event,
    data,
    configPath,
    config: kept ? 'kept' : 'written',
    certificateExpiresMs: certificate.notAfterMs,
    todo,
  });
}

/** Not where systemd or a file brings one, nor where the databases are sealed with one that is not here just now. */
function needsDiskKey(data: string, configPath: string): boolean {
  const config = loadConfig(configPath);
  const keyFile = config.ok ? config.value.disk.keyFile : undefined;
  const found = findDiskKey({ data, keyFile, credentials: [credentialsFolderOf()] });
  return found.ok && found.value.key === undefined;
}

/** What somebody has to add to a gate.toml that was made before the gate stood at further events. */
async function eventsMissing(configPath: string, also: EnrolResponse['also']): Promise<readonly string[]> {
  const config = parseConfig(await readFile(configPath, 'utf8'), configPath);
  const known = config.ok ? eventsOf(config.value).map(({ id }) => id) : [];
  return also
    .filter(({ id }) => !known.includes(id))
    .map(
      ({ id, name, zone }) =>
        `this gate stands at event ${id} "${name}" too; add to ${configPath}:\n\n  [[events]]\n  id = ${id}\n  zone = ${JSON.stringify(zone)}\n`,
    );
}

/** A cloud of another version may describe what this one does not know. */
function complaintsAbout(toml: string, configPath: string): readonly string[] {
  const checked = parseConfig(toml, configPath);
  return checked.ok
    ? []
    : checked.error.complaints.map(
        (complaint) => `what the cloud says about this gate does not fit this version; correct ${complaint}`,
      );
}

/** A gate that starts before it meets the cloud again knows what time it is, as long as the machine is not switched off. */
async function learnTime(
  data: string,
  sample: TimeSample,
  floorMs: number,
  { clock, machineBoot }: EnrolDeps,
): Promise<void> {
  const path = clockFilePath(data);
  const trust = createClockTrust({ clock, machineBoot, saved: await readClockFile(path), floorMs });
  trust.learn(sample);
  await writeClockFile(path, trust.saved());
}

const fail = (type: string, message: string): Result<never, CommandError> => err({ type, message });

// The gate's configuration: one TOML file, a few environment variables on top, checked once and completely. Every complaint
// names the file, the line, what is wrong and what would be right, because the person reading it stands at a turnstile.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { err, languages, ok, type Result } from '@postern/shared';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { logLevels } from './logger.ts';
import { locateLine, nearest } from './config-lines.ts';

/** Largest configuration file that is read. */
const configBytesMax = 256 * 1024;

const name = (charsMax: number): z.ZodString =>
  z
    .string()
    .regex(
      new RegExp(`^[a-z0-9](?:[a-z0-9-]{0,${charsMax - 1}})$`),
      `must be 1-${charsMax} lower-case letters, digits or dashes`,
    );
const uri = z
  .string()
  .max(1_024)
  .regex(/^[a-z][a-z0-9+.-]*:\/\//, 'must be an address such as camera:///dev/video0, stdin:// or sim://');
const milliseconds = (min: number, max: number): z.ZodNumber => z.number().int().min(min).max(max);
export const hostAndPort = z
  .string()
  .max(260)
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be HOST:PORT, for example "192.168.1.20:7443"')
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, 'the port must be at most 65535');

const eventNumber = z.number().int().min(0).max(4_294_967_295);

const laneSchema = z.strictObject({
  id: name(32),
  direction: z.enum(['entry', 'exit']).default('entry'),
  readers: z.array(uri).min(1, 'needs at least one reader').max(8),
  actuator: uri.default('none://'),
  /** Lamps and a buzzer that show the lane's state: gpio://CHIP?green=LINE&red=LINE&buzzer=LINE. */
  signal: uri.optional(),
  /** A camera for faces alone, which runs only while somebody is asked to look at it; absent, the lane's first camera that reads codes. */
  faceCamera: uri.optional(),
  /** Where the lane's readers are, seen from its screen: there the arrow points. */
  readerSide: z.enum(['left', 'right', 'above', 'below']).optional(),
  /** What the turnstile does when the gate cannot decide. Exits are always free, whatever this says. */
  onFailure: z.enum(['locked', 'free']).default('locked'),
  passageTimeoutMs: milliseconds(500, 120_000).default(8_000),
  /** Persons who may walk along on one opening, as where wheelchairs are pushed. */
  companions: z.number().int().min(0).max(4).default(0),
  /** Lanes with the same word here never open at the same time. */
  interlock: name(32).optional(),
  holdTimeoutMs: milliseconds(1_000, 600_000).default(60_000),
});

const lanSchema = z.strictObject({
  listen: hostAndPort.optional(),
  /** Where handhelds are answered, by HTTPS under the gate's DNS name. */
  web: hostAndPort.optional(),
  peers: z.array(hostAndPort).max(64).default([]),
});

/** A further event of this gate, whose tickets are admitted by the same lanes. */
const eventSchema = z.strictObject({
  id: eventNumber,
  zone: z.string().min(1).max(64),
  /** Its gates speak with each other at an address of its own; see `eventsOf`. */
  lan: lanSchema.prefault({}),
});

const configSchema = z.strictObject({
  gate: z.strictObject({
    id: name(32),
    name: z.string().min(1).max(100).optional(),
    event: eventNumber,
    zone: z.string().min(1).max(64),
    /** Folder of keys, databases and the clock's floor; relative to the configuration file. */
    data: z.string().min(1).max(1_024).default('.'),
  }),
  cloud: z
    .strictObject({ url: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' }).max(1_024) })
    .optional(),
  lan: lanSchema
    .extend({
      /** In place of the certificate that the cloud issues: PEM files, relative to this one, both or neither. */
      webCertificate: z.string().min(1).max(1_024).optional(),
      webKey: z.string().min(1).max(1_024).optional(),
      /** Find gates of the same event by mDNS, and be found; see `discoversGates`. */
      discover: z.boolean().optional(),
    })
    .prefault({}),
  events: z.array(eventSchema).max(7).default([]),
  local: z
    .strictObject({
      /** Address of the gate's own pages and actions. Loopback unless a steward's tablet needs it. */
      listen: z.string().min(1).max(255).default('127.0.0.1'),
      /** 0 takes any free port and prints it. */
      port: z.number().int().min(0).max(65_535).default(8_137),
      /** Further names under which the pages are reached; anything else in the Host header is refused. */
      hosts: z.array(z.string().min(1).max(255)).max(16).default([]),
      /** Pages that may show the display in a frame, as in CSP frame-ancestors. */
      frameAncestors: z
        .array(z.string().regex(/^[a-z]+:\/\/[a-z0-9.*:-]+$/i, 'must look like http://127.0.0.1:*'))
        .max(16)
        .default(['http://127.0.0.1:*', 'http://localhost:*']),
      /** Small pictures of what the cameras see, for a screen beside the gate. Faces may be in them: off unless asked for. */
      preview: z.boolean().default(false),
      /** Languages of the visitor's text, the first one largest; a ticket's own comes before them. */
      languages: z.array(z.enum(languages)).min(1).max(2).default(['en', 'de']),
    })
    .prefault({}),
  display: z
    .strictObject({
      /** Loudness of the screen's tones, per cent; 0 is silence. */
      volume: z.number().int().min(0).max(100).default(60),
      /** Whether who stands before the screen can call staff by touching it. */
      callButton: z.boolean().default(true),
    })
    .prefault({}),
  clock: z
    .strictObject({
      /** True where the machine has a battery-backed clock that somebody has set: then it is believed after power-on. */
      rtc: z.boolean().default(false),
    })
    .prefault({}),
  fire: z
    .strictObject({
      /** Fire or free-exit contact: gpio://CHIP?line=LINE, or file:///PATH holding 1 while it is on. */
      input: uri.optional(),
    })
    .prefault({}),
  nfc: z
    .strictObject({
      /** Keys of NTAG 424 DNA tags; relative to the configuration file. See sun-keys.ts. */
      sunKeyFile: z.string().min(1).max(1_024).optional(),
    })
    .prefault({}),
  disk: z
    .strictObject({
      /** The key that seals the databases; relative to the configuration file. See disk-key.ts. */
      keyFile: z.string().min(1).max(1_024).optional(),
    })
    .prefault({}),
  desk: z
    .strictObject({
      /** Whether the band desk writes passes onto bands. False for those of a cashless supplier, which are known by their number. */
      passes: z.boolean().default(true),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(logLevels).default('info') }).prefault({}),
  lanes: z.array(laneSchema).min(1, 'needs at least one [[lanes]] table').max(16),
});

export type GateConfig = z.infer<typeof configSchema>;
export type LaneConfig = GateConfig['lanes'][number];

/** Every key that there is, as in `lanes.id` and `events.lan.listen`. */
export const configKeys = (): readonly string[] => keysOf(configSchema, '');

function keysOf(schema: unknown, path: string): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault)
    return keysOf(schema.unwrap(), path);
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject) return keysOf(schema.element, path);
  if (!(schema instanceof z.ZodObject)) return [path];
  return Object.entries(schema.shape).flatMap(([key, value]) => keysOf(value, path === '' ? key : `${path}.${key}`));
}

/** Unless the file says it: where other gates can reach this one, and not on the machine itself. */
export const discoversGates = ({ lan: { discover, listen } }: Pick<GateConfig, 'lan'>): boolean =>
  discover ?? (listen !== undefined && !/^(127\.|localhost:|\[::1\]:)/.test(listen));

/** One event of this gate, with where its gates find each other. */
export interface EventConfig {
  readonly id: number;
  readonly zone: string;
  readonly lan: {
    readonly listen: string | undefined;
    readonly peers: readonly string[];
    readonly discover: boolean;
    /** Where handhelds are answered, and with which certificate where it is not the cloud's. */
    readonly web:
      | { readonly listen: string; readonly files: { readonly certificate: string; readonly key: string } | undefined }
      | undefined;
  };
}

/** The gate's own event first. A further one without an address takes any free port beside it, which mDNS makes known. */
export const eventsOf = (
  config: Pick<GateConfig, 'gate' | 'lan' | 'events'>,
): readonly [EventConfig, ...EventConfig[]] => {
  const { listen, peers, web, webCertificate, webKey } = config.lan;
  const files =
    webCertificate === undefined || webKey === undefined ? undefined : { certificate: webCertificate, key: webKey };
  const webAt = (address: string | undefined): EventConfig['lan']['web'] =>
    address === undefined ? undefined : { listen: address, files };
  const discover = discoversGates(config);
  const beside = discover ? listen?.replace(/:\d+$/, ':0') : undefined;
  return [
    { id: config.gate.event, zone: config.gate.zone, lan: { listen, peers, discover, web: webAt(web) } },
    ...config.events.map(({ id, zone, lan }) => ({
      id,
      zone,
      lan: { listen: lan.listen ?? beside, peers: lan.peers, discover, web: webAt(lan.web) },
    })),
  ];
};

export type ConfigError = {
  readonly type: 'config-unreadable' | 'config-invalid';
  /** One line a complaint, each "FILE:LINE: what is wrong; what would be right". */
  readonly complaints: readonly string[];
};

/** Environment variables that override the file, and the path of the key each one sets. */
export const environmentKeys: Readonly<
  Record<string, readonly [section: string, key: string, kind: 'text' | 'number']>
> = {
  POSTERN_DATA: ['gate', 'data', 'text'],
  POSTERN_CLOUD_URL: ['cloud', 'url', 'text'],
  POSTERN_LOCAL_LISTEN: ['local', 'listen', 'text'],
  POSTERN_LOCAL_PORT: ['local', 'port', 'number'],
  POSTERN_LOG_LEVEL: ['log', 'level', 'text'],
};

/** Where systemd listens to a service, and how long it waits for a word (service-manager.ts). */
export const serviceManagerOf = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { readonly socket: string | undefined; readonly watchdogUs: string | undefined } => ({
  socket: environment['NOTIFY_SOCKET'],
  watchdogUs: environment['WATCHDOG_USEC'],
});

/** Where systemd has put the credentials of this service, if it has. */
export const credentialsFolderOf = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined => environment['CREDENTIALS_DIRECTORY'];

/** Where pcscd listens; its client library heeds the same variable. */
export const pcscSocketPath = (environment: Readonly<Record<string, string | undefined>> = process.env): string =>
  environment['PCSCLITE_CSOCK_NAME'] ?? '/run/pcscd/pcscd.comm';

/** Reads, overrides and checks; paths come back absolute. */
export function loadConfig(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Result<GateConfig, ConfigError> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = isMissing ? 'is not there' : `cannot be read (${cause instanceof Error ? cause.message : 'unknown'})`;
    const hint = 'give another with --config FILE, or make one with: gate-agent enrol URL CODE --data DIR';
    return err({ type: 'config-unreadable', complaints: [`${path}: ${why}; ${hint}`] });
  }
  const config = parseConfig(text, path, environment);
  if (!config.ok) return config;
  const { gate, lan, nfc, disk } = config.value;
  const beside = (file: string): string => resolve(dirname(path), file);
  return ok({
    ...config.value,
    gate: { ...gate, data: beside(gate.data) },
    lan: {
      ...lan,
      ...(lan.webCertificate === undefined ? {} : { webCertificate: beside(lan.webCertificate) }),
      ...(lan.webKey === undefined ? {} : { webKey: beside(lan.webKey) }),
    },
    nfc: nfc.sunKeyFile === undefined ? nfc : { sunKeyFile: beside(nfc.sunKeyFile) },
    disk: disk.keyFile === undefined ? disk : { keyFile: beside(disk.keyFile) },
  });
}

/** The same without a disk; `fileName` only appears in complaints. */
export function parseConfig(
  text: string,
  fileName: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Result<GateConfig, ConfigError> {
  if (text.length > configBytesMax)
    return err({ type: 'config-invalid', complaints: [`${fileName}: longer than ${configBytesMax} bytes`] });
  let table: Record<string, unknown>;
  try {
    table = parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n')[0] ?? cause.message;
    return err({ type: 'config-invalid', complaints: [`${fileName}:${cause.line}: ${reason}`] });
  }
  const overridden = overrideByEnvironment(table, environment);
  const parsed = configSchema.safeParse(overridden);
  const complaints = parsed.success
    ? []
    : parsed.error.issues.slice(0, 20).flatMap((issue) => describeIssue(issue, text, fileName, overridden));
  if (parsed.success) {
    const ids = parsed.data.lanes.map((lane) => lane.id);
    const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
    if (twice >= 0)
      complaints.push(
        `${fileName}:${locateLine(text, ['lanes', twice, 'id'])}: lane id "${ids[twice]}" is used twice; give each lane its own`,
      );
    const events = [parsed.data.gate.event, ...parsed.data.events.map((event) => event.id)];
    const again = events.findIndex((id, index) => events.indexOf(id) !== index);
    if (again > 0)
      complaints.push(
        `${fileName}:${locateLine(text, ['events', again - 1, 'id'])}: event ${events[again]} is named twice; leave one out`,
      );
    const { webCertificate, webKey } = parsed.data.lan;
    if ((webCertificate === undefined) !== (webKey === undefined))
      complaints.push(
        `${fileName}:${locateLine(text, ['lan', webKey === undefined ? 'webCertificate' : 'webKey'])}: lan.webCertificate and lan.webKey belong together; give both or neither`,
      );
    const addresses = eventsOf(parsed.data).map(({ lan }) => lan.listen);
    const taken = addresses.findIndex(
      (address, index) => address !== undefined && !address.endsWith(':0') && addresses.indexOf(address) !== index,
    );
    if (taken > 0)
      complaints.push(
        `${fileName}:${locateLine(text, ['events', taken - 1, 'lan'])}: ${addresses[taken]} is another event's address already; give each event a port of its own, or leave lan out`,
      );
    if (complaints.length === 0) return ok(parsed.data);
  }
  return err({ type: 'config-invalid', complaints });
}

function overrideByEnvironment(
  table: Record<string, unknown>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const result = { ...table };
  for (const [variable, [section, key, kind]] of Object.entries(environmentKeys)) {
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    const before = result[section];
    result[section] = {
      ...(typeof before === 'object' && before !== null ? before : {}),
      [key]: kind === 'number' ? Number(value) : value,
    };
  }
  return result;
}

function describeIssue(issue: z.core.$ZodIssue, text: string, fileName: string, table: unknown): readonly string[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const valid = validKeys(path);
    return issue.keys.map((key) => {
      const guess = nearest(key, valid);
      const where = path.length === 0 ? 'at the top level' : `in ${sectionName(path)}`;
      return `${fileName}:${locateLine(text, [...path, key])}: "${key}" is not known ${where}${guess === undefined ? '' : `; did you mean "${guess}"?`} Valid keys: ${valid.join(', ')}`;
    });
  }
  const variable = Object.entries(environmentKeys).find(
    ([, [section, key]]) => section === path[0] && key === path[1],
  )?.[0];
  const shown = valueAt(table, path);
  const wrong = shown === undefined ? 'is missing' : `is ${JSON.stringify(shown)?.slice(0, 80)}; ${issue.message}`;
  const hint = variable === undefined ? '' : ` (also settable by ${variable})`;
  return [`${fileName}:${locateLine(text, path)}: ${path.join('.') || 'the file'} ${wrong}${hint}`];
}

const sectionName = (path: readonly (string | number)[]): string =>
  path[0] === 'lanes' || path[0] === 'events' ? `[[${path[0]}]]` : `[${path[0]}]`;

function valueAt(table: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined),
    table,
  );
}

/** The keys that the schema knows at `path`. */
function validKeys(path: readonly (string | number)[]): readonly string[] {
  if (path.length === 0) return Object.keys(configSchema.shape);
  if (path[0] === 'lanes') return Object.keys(laneSchema.shape);
  if (path[0] === 'events') return Object.keys((path[2] === 'lan' ? lanSchema : eventSchema).shape);
  let section: unknown = Reflect.get(configSchema.shape, path[0] ?? '');
  while (section instanceof z.ZodOptional || section instanceof z.ZodPrefault) section = section.unwrap();
  return section instanceof z.ZodObject ? Object.keys(section.shape) : [];
}

// The service's settings: command line first, then environment, then defaults, checked once. The only file that reads the environment.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { addressTextSchema, err, gateDomainSchema, knownMethods, methodById, ok, type Result } from '@postern/shared';
import { z } from 'zod';
import { isNetwork } from './services/network-addresses.ts';

const keyDays = z.coerce.number('must be a number from 0 to 3650').int().min(0).max(3_650);
const configSchema = z.object({
  /** Folder for keys, feed files and, by default, the database. */
  data: z.string().min(1),
  /** `sqlite:FILE`, or `postgres://…`, which may hold a password: shown through `redactUrl` only. */
  database: z
    .string()
    .refine(
      (url) => /^sqlite:.+$/.test(url) || (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)),
      'must read sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE',
    ),
  host: z.string().min(1),
  /** 0 takes any free port. */
  port: z.coerce.number('must be a number from 0 to 65535').int().min(0).max(65_535),
  /** Base URL under which gates and people reach this service; by default http://HOST:PORT. */
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  /** Under it gates have names of their own on the LAN, for handhelds; without one these reach no gate directly. */
  gateDomain: gateDomainSchema.optional(),
  /** 32 bytes as hexadecimal; by default the file master.key in the data folder. */
  masterKey: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'must have 64 hexadecimal digits')
    .optional(),
  /** A file with the same. */
  masterKeyFile: z.string().min(1).optional(),
  /** Days until a key hands over to the next one by itself; 0: only by command. */
  issuerKeyDays: keyDays,
  feedKeyDays: keyDays,
  /** The OpenID provider at which people may sign in; http is for one on this machine only. */
  oidc: z
    .object({
      issuer: z
        .url({ protocol: /^https?$/ })
        .refine(
          (url) => /^https:|^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)([:/]|$)/.test(url),
          'must begin with https://',
        ),
      clientId: z.string('must be set beside the issuer').min(1),
      clientSecret: z.string('must be set beside the issuer').min(1),
    })
    .optional(),
  /** Ids of methods, separated by commas, that are off until somebody switches them on. */
  methodsOff: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((id) => (id.trim() === '' ? [] : [id.trim()])))
    .refine(
      (ids) => ids.every((id) => methodById(id) !== undefined),
      `must name methods, separated by commas: ${knownMethods.map(({ id }) => id).join(', ')}`,
    ),
  /** Proxies before this service, each of which adds whom it has heard to X-Forwarded-For; 0: the header is not believed. */
  trustedProxies: z.coerce.number('must be a number from 0 to 10').int().min(0).max(10),
  /** By how much the limits on requests are higher than usual; those on guesses stay. */
  limitsFactor: z.coerce.number('must be a number from 1 to 1000').int().min(1).max(1_000),
  /** Private networks that webhooks and the pretix servers of organisers may be in, as `ADDRESS/BITS`, separated by commas. */
  webhookNetworks: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((network) => (network.trim() === '' ? [] : [network.trim()])))
    .refine((networks) => networks.every(isNetwork), 'must name networks, separated by commas: 10.1.0.0/16, fd00::/8'),
  /** What Prometheus sends as a bearer token; without one there is no /metrics. */
  metricsToken: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, 'must have 16 to 200 visible characters')
    .optional(),
  /** What Apple Wallet passes are signed with: the Pass Type ID certificate, its key, and Apple's certificate above it. */
  apple: z
    .object({
      certificateFile: z.string('must be set beside the others').min(1),
      keyFile: z.string('must be set beside the others').min(1),
      wwdrFile: z.string('must be set beside the others').min(1),
    })
    .optional(),
  /** What Google Wallet links are signed with: the issuer account's number, and the JSON key of a service account. */
  google: z
    .object({
      issuer: z.string('must be set beside the key').regex(/^[0-9]{5,25}$/, 'must be the number of the issuer account'),
      keyFile: z.string('must be set beside the issuer').min(1),
    })
    .optional(),
  /** How passes look. */
  passes: z.object({
    organisation: z
      .string()
      .regex(/^[^\p{Cc}\p{Cs}]{1,40}$/u, 'must have 1 to 40 characters')
      .default('Tickets'),
    colour: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i, 'must read #rrggbb')
      .default('#16324f'),
    images: z.string().min(1).optional(),
  }),
  /** Tickets as tokens: the chain, how it is reached, and who signs there. */
  nft: z
    .object({
      /** In order of preference; they may hold a provider's key, and are shown to nobody. */
      rpcs: z
        .string('must be set beside the chain')
        .transform((text) => text.split(',').map((url) => url.trim()))
        .refine(
          (urls) =>
            urls.length <= 8 && urls.every((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)),
          'must be up to 8 addresses beginning with https:// or http://, separated by commas',
        ),
      chainId: z.coerce.number('must be a number').int().min(1).max(Number.MAX_SAFE_INTEGER),
      /** Without one there are no tokens; `cloud-sync nft deploy` makes one. */
      contract: addressTextSchema.optional(),
      /** 64 hexadecimal digits. */
      key: z
        .string()
        .regex(/^(0x)?[0-9a-fA-F]{64}$/, 'must have 64 hexadecimal digits')
        .optional(),
      /** A file with the same. */
      keyFile: z.string().min(1).optional(),
      startBlock: z.coerce.number('must be the number of a block').int().min(0).max(Number.MAX_SAFE_INTEGER),
      confirmations: z.coerce.number('must be a number from 0 to 1000').int().min(0).max(1_000),
      /** Gwei for a unit of gas. */
      feeMax: z.coerce.number('must be a number from 1 to 100000').int().min(1).max(100_000),
      consumeAfterS: z.coerce.number('must be a number from 0 to 604800').int().min(0).max(604_800),
    })
    .refine(({ key, keyFile }) => (key === undefined) !== (keyFile === undefined), {
      message: 'give one of the two',
      path: ['key'],
    })
    .optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
});
export type Config = z.infer<typeof configSchema>;
export type ConfigError = { readonly type: 'config-invalid'; readonly problems: readonly string[] };

/** Command-line flags as the CLI has parsed them. */
export interface Flags {
  readonly data?: string | undefined;
  readonly database?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly publicUrl?: string | undefined;
  readonly logLevel?: string | undefined;
}

const settings: Readonly<Record<string, string>> = {
  data: '--data or POSTERN_CLOUD_DATA',
  database: '--database or POSTERN_CLOUD_DATABASE',
  host: '--host or POSTERN_CLOUD_HOST',
  port: '--port or POSTERN_CLOUD_PORT',
  publicUrl: '--public-url or POSTERN_CLOUD_PUBLIC_URL',
  gateDomain: 'POSTERN_CLOUD_GATE_DOMAIN',
  masterKey: 'POSTERN_CLOUD_MASTER_KEY',
  masterKeyFile: 'POSTERN_CLOUD_MASTER_KEY_FILE',
  issuerKeyDays: 'POSTERN_CLOUD_ISSUER_KEY_DAYS',
  feedKeyDays: 'POSTERN_CLOUD_FEED_KEY_DAYS',
  methodsOff: 'POSTERN_CLOUD_METHODS_OFF',
  trustedProxies: 'POSTERN_CLOUD_TRUSTED_PROXIES',
  limitsFactor: 'POSTERN_CLOUD_LIMITS_FACTOR',
  webhookNetworks: 'POSTERN_CLOUD_WEBHOOK_NETWORKS',
  metricsToken: 'POSTERN_CLOUD_METRICS_TOKEN',
  logLevel: '--log-level or POSTERN_CLOUD_LOG_LEVEL',
  'apple.certificateFile': 'POSTERN_CLOUD_APPLE_CERTIFICATE_FILE',
  'apple.keyFile': 'POSTERN_CLOUD_APPLE_KEY_FILE',
  'apple.wwdrFile': 'POSTERN_CLOUD_APPLE_WWDR_FILE',
  'google.issuer': 'POSTERN_CLOUD_GOOGLE_ISSUER',
  'google.keyFile': 'POSTERN_CLOUD_GOOGLE_KEY_FILE',
  'passes.organisation': 'POSTERN_CLOUD_PASS_ORGANISATION',
  'passes.colour': 'POSTERN_CLOUD_PASS_COLOUR',
  'passes.images': 'POSTERN_CLOUD_PASS_IMAGES',
  'nft.rpcs': 'POSTERN_CLOUD_NFT_RPC',
  'nft.chainId': 'POSTERN_CLOUD_NFT_CHAIN_ID',
  'nft.contract': 'POSTERN_CLOUD_NFT_CONTRACT',
  'nft.key': 'POSTERN_CLOUD_NFT_KEY or POSTERN_CLOUD_NFT_KEY_FILE',
  'nft.startBlock': 'POSTERN_CLOUD_NFT_START_BLOCK',
  'nft.confirmations': 'POSTERN_CLOUD_NFT_CONFIRMATIONS',
  'nft.feeMax': 'POSTERN_CLOUD_NFT_FEE_MAX',
  'nft.consumeAfterS': 'POSTERN_CLOUD_NFT_CONSUME_AFTER',
  'oidc.issuer': 'POSTERN_CLOUD_OIDC_ISSUER',
  'oidc.clientId': 'POSTERN_CLOUD_OIDC_CLIENT_ID',
  'oidc.clientSecret': 'POSTERN_CLOUD_OIDC_CLIENT_SECRET',
};

export function readConfig(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Result<Config, ConfigError> {
  const database = flags.database ?? environment['POSTERN_CLOUD_DATABASE'];
  const data = resolve(flags.data ?? environment['POSTERN_CLOUD_DATA'] ?? folderOf(database) ?? 'cloud-data');
  const parsed = configSchema.safeParse({
    data,
    database: database ?? `sqlite:${join(data, 'cloud.db')}`,
    host: flags.host ?? environment['POSTERN_CLOUD_HOST'] ?? '127.0.0.1',
    port: flags.port ?? environment['POSTERN_CLOUD_PORT'] ?? '8080',
    publicUrl: flags.publicUrl ?? environment['POSTERN_CLOUD_PUBLIC_URL'],
    gateDomain: environment['POSTERN_CLOUD_GATE_DOMAIN'],
    masterKey: environment['POSTERN_CLOUD_MASTER_KEY'],
    masterKeyFile: masterKeyFile(environment),
    issuerKeyDays: environment['POSTERN_CLOUD_ISSUER_KEY_DAYS'] ?? '90',
    feedKeyDays: environment['POSTERN_CLOUD_FEED_KEY_DAYS'] ?? '365',
    oidc: readGroup(environment, {
      issuer: 'OIDC_ISSUER',
      clientId: 'OIDC_CLIENT_ID',
      clientSecret: 'OIDC_CLIENT_SECRET',
    }),
    apple: readGroup(environment, {
      certificateFile: 'APPLE_CERTIFICATE_FILE',
      keyFile: 'APPLE_KEY_FILE',
      wwdrFile: 'APPLE_WWDR_FILE',
    }),
    google: readGroup(environment, { issuer: 'GOOGLE_ISSUER', keyFile: 'GOOGLE_KEY_FILE' }),
    passes: {
      organisation: environment['POSTERN_CLOUD_PASS_ORGANISATION'],
      colour: environment['POSTERN_CLOUD_PASS_COLOUR'],
      images: environment['POSTERN_CLOUD_PASS_IMAGES'],
    },
    methodsOff: environment['POSTERN_CLOUD_METHODS_OFF'],
    trustedProxies: environment['POSTERN_CLOUD_TRUSTED_PROXIES'] ?? '0',
    limitsFactor: environment['POSTERN_CLOUD_LIMITS_FACTOR'] ?? '1',
    webhookNetworks: environment['POSTERN_CLOUD_WEBHOOK_NETWORKS'],
    metricsToken: environment['POSTERN_CLOUD_METRICS_TOKEN'],
    nft: readNft(environment),
    logLevel: flags.logLevel ?? environment['POSTERN_CLOUD_LOG_LEVEL'] ?? 'info',
  });
  if (parsed.success && parsed.data.masterKey !== undefined && parsed.data.masterKeyFile !== undefined)
    return err({ type: 'config-invalid', problems: [`${settings['masterKey']} and …_FILE: give one of the two`] });
  if (parsed.success) return ok(parsed.data);
  return err({
    type: 'config-invalid',
    problems: parsed.error.issues.map((issue) => `${settings[issue.path.join('.')] ?? 'settings'}: ${issue.message}`),
  });
}

/** Settings that are there together or not at all: undefined when none of them is set. */
function readGroup(
  environment: Readonly<Record<string, string | undefined>>,
  names: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> | undefined {
  const group = Object.entries(names).map(([key, name]) => [key, environment[`POSTERN_CLOUD_${name}`]] as const);
  return group.every(([, value]) => value === undefined) ? undefined : Object.fromEntries(group);
}

/** What is set about a chain, if anything that says which is. */
function readNft(environment: Readonly<Record<string, string | undefined>>): object | undefined {
  const setting = (name: string): string | undefined => environment[`POSTERN_CLOUD_NFT_${name}`];
  const [rpcs, chainId, contract] = [setting('RPC'), setting('CHAIN_ID'), setting('CONTRACT')];
  if (rpcs === undefined && chainId === undefined && contract === undefined) return undefined;
  const key = setting('KEY');
  return {
    rpcs,
    chainId,
    contract,
    key,
    keyFile: setting('KEY_FILE') ?? (key === undefined ? credentialFile(environment, 'nft.key') : undefined),
    startBlock: setting('START_BLOCK') ?? '0',
    confirmations: setting('CONFIRMATIONS') ?? '12',
    feeMax: setting('FEE_MAX') ?? '100',
    consumeAfterS: setting('CONSUME_AFTER') ?? '600',
  };
}

/** Keys and feed files lie beside a database that was given by file name. */
const folderOf = (database: string | undefined): string | undefined =>
  database?.startsWith('sqlite:') === true && database.length > 'sqlite:'.length
    ? dirname(database.slice('sqlite:'.length))
    : undefined;

/** systemd's LoadCredential=master.key:… needs no setting; one that is given goes before it. */
const masterKeyFile = (environment: Readonly<Record<string, string | undefined>>): string | undefined =>
  environment['POSTERN_CLOUD_MASTER_KEY_FILE'] ??
  (environment['POSTERN_CLOUD_MASTER_KEY'] === undefined ? credentialFile(environment, 'master.key') : undefined);

function credentialFile(environment: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const folder = environment['CREDENTIALS_DIRECTORY'];
  if (folder === undefined) return undefined;
  const credential = join(folder, name);
  return existsSync(credential) ? credential : undefined;
}

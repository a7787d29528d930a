// What the gate shows to browsers on the LAN: a P-256 key made here and a certificate for the gate's DNS name. The cloud issues it, and again
// long before it ends; or a technician brings both as files, from an authority that every phone knows.
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { err, ok, webCertificatePath, webCertificateResponseSchema, type Result } from '@postern/shared';
import { z } from 'zod';
import { certificateToPem } from './certificates.ts';
import { writeFileDurably } from './clock-file.ts';
import { answerJson, postJson, type Post } from './http-client.ts';
import { identityFolder } from './identity.ts';

export interface WebIdentity {
  /** Of the certificate; the page asks for the gate under it. */
  readonly name: string;
  /** Whose pages may ask. */
  readonly origin: string;
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  readonly notAfterMs: number;
}

export type WebIdentityError = { readonly type: 'web-identity-missing'; readonly cause: string };

export interface WebFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Renewed when less than this is left: a gate may be without the cloud for a season. */
export const renewBeforeMs = 300 * 86_400_000;
const timeoutMs = 20_000;
const answerBytesMax = 32 * 1024;
const pemBytesMax = 64 * 1024;
const keyFile = 'web-key.pem';
const identityFile = 'web.json';
const storedSchema = z.object({ v: z.literal(1), name: z.string(), origin: z.string(), cert: z.string() });

/** Certificate chain and key as PEM files; pages of `origin` may ask. */
export async function readWebFiles(files: WebFiles, origin: string): Promise<Result<WebIdentity, WebIdentityError>> {
  try {
    const [cert, key] = await Promise.all([readPem(files.certificate), readPem(files.key)]);
    return describe({ name: '', origin, cert }, key);
  } catch (cause) {
    return missing(cause);
  }
}

/** What the cloud has issued before. */
export async function readWebIdentity(data: string): Promise<Result<WebIdentity, WebIdentityError>> {
  try {
    const folder = identityFolder(data);
    const [text, key] = await Promise.all([readPem(join(folder, identityFile)), readPem(join(folder, keyFile))]);
    return describe(storedSchema.parse(JSON.parse(text)), key);
  } catch (cause) {
    return missing(cause);
  }
}

/** Asks the cloud for a certificate, and keeps it; the key stays the one that is there. */
export async function askForWebIdentity(
  data: string,
  cloudUrl: string,
  send: Post,
  signal: AbortSignal,
): Promise<Result<WebIdentity, WebIdentityError>> {
  try {
    const key = await openWebKey(data);
    const publicKey = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' }).toString('base64');
    const url = `${cloudUrl.replace(/\/$/, '')}${webCertificatePath}`;
    const answer = await postJson(url, { publicKey }, { timeoutMs, answerBytesMax, signal, fetch: send });
    if (!answer.ok)
      return missing('cause' in answer.error ? answer.error.cause : 'the answer of the cloud was too large');
    const parsed = webCertificateResponseSchema.safeParse(answerJson(answer.value.body));
    if (answer.value.status !== 200 || !parsed.success) return missing(`the cloud answered ${answer.value.status}`);
    const { name, certificate, ca, origin } = parsed.data;
    const cert = [certificate, ca].map((der) => certificateToPem(Buffer.from(der, 'base64'))).join('');
    const identity = describe({ name, origin, cert }, key);
    if (identity.ok)
      await writeFileDurably(
        join(identityFolder(data), identityFile),
        `${JSON.stringify({ v: 1, name, origin, cert })}\n`,
        0o600,
      );
    return identity;
  } catch (cause) {
    return missing(cause);
  }
}

async function openWebKey(data: string): Promise<string> {
  const path = join(identityFolder(data), keyFile);
  try {
    return await readPem(path);
  } catch {
    // The first time.
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await writeFileDurably(path, pem, 0o600);
    return pem;
  }
}

/** Key and certificate belong together, and the certificate names what it is for. */
function describe(
  { name, origin, cert }: { readonly name: string; readonly origin: string; readonly cert: string },
  key: string,
): Result<WebIdentity, WebIdentityError> {
  const certificate = new X509Certificate(cert);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) return missing('key and certificate do not belong together');
  const first = name === '' ? /DNS:([^\s,]+)/.exec(certificate.subjectAltName ?? '')?.[1] : name;
  if (first === undefined || certificate.checkHost(first) === undefined)
    return missing('the certificate is not for a DNS name');
  return ok({ name: first, origin, key, cert, notAfterMs: Date.parse(certificate.validTo) });
}

async function readPem(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  if (text.length > pemBytesMax) throw new Error(`${path} is too large`);
  return text;
}

const missing = (cause: unknown): Result<never, WebIdentityError> =>
  err({ type: 'web-identity-missing', cause: (cause instanceof Error ? cause.message : String(cause)).slice(0, 200) });

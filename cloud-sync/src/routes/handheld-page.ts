// The page of stewards' handhelds: its files, which hold nothing secret, how it reaches the gates of a venue, and the certificate authority that
// phones have to know for that.
import { createHash } from 'node:crypto';
import { gateWebPort, type HandheldSettings } from '@postern/shared';
import type { Hono } from 'hono';
import { gateIcon } from '../services/gate-icon.ts';
import type { WebAuthority } from '../services/web-authority.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { readPage, sendPageFile, type PageFile } from './page-files.ts';
import { pageHeaders } from './page-headers.ts';

export interface HandheldPageRoutesDeps {
  /** Folder of the built page. */
  readonly handheldFolder: string;
  readonly webAuthority: WebAuthority;
}

/** Of the home screen, in pixels; the manifest says the same. */
const iconPixels = [192, 512] as const;

export function handheldPageRoutes({ handheldFolder, webAuthority }: HandheldPageRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const files = new Map<string, PageFile>(readPage(handheldFolder));
  for (const pixels of iconPixels)
    files.set(`/icon-${pixels}.png`, { bytes: gateIcon(pixels), contentType: 'image/png' });
  const { domain } = webAuthority;
  const headers = pageHeaders({
    ownPictures: true,
    wasm: true,
    camera: true,
    installed: true,
    connect: domain === undefined ? [] : [`https://*.${domain}:${gateWebPort}`],
  });
  router.get('/handheld', headers, (c) => {
    // Everything of the page is beside it; browsers keep the fragment, with the one-time code, to themselves.
    if (!new URL(c.req.url).pathname.endsWith('/')) return c.redirect('handheld/', 308);
    const index = files.get('/index.html');
    return index === undefined
      ? c.text('This page has not been built. Run npm run build, then start the service again.\n')
      : sendPageFile(c, index, 'revalidated');
  });
  router.get('/handheld/settings.json', headers, async (c) => {
    const authority = await webAuthority.certificate();
    const settings: HandheldSettings = {
      v: 1,
      ...(domain === undefined ? {} : { gateDomain: domain }),
      ...(authority === undefined ? {} : { fingerprint: fingerprintOf(authority) }),
    };
    return c.json(settings, 200, { 'Cache-Control': 'no-cache' });
  });
  // Phones offer to install what comes under this type.
  router.get('/handheld/gates.crt', headers, async (c) => {
    const authority = await webAuthority.certificate();
    if (authority === undefined) return problem(c, { type: 'not-found' });
    return c.body(Buffer.from(authority, 'base64'), 200, {
      'Content-Type': 'application/x-x509-ca-cert',
      'Content-Disposition': 'attachment; filename="gates.crt"',
    });
  });
  router.get('/handheld/:file', headers, (c) => {
    const file = files.get(`/${c.req.param('file')}`);
    return file === undefined ? problem(c, { type: 'not-found' }) : sendPageFile(c, file, 'revalidated');
  });
  router.get('/handheld/assets/:file', headers, (c) => {
    const file = files.get(`/assets/${c.req.param('file')}`);
    return file === undefined ? problem(c, { type: 'not-found' }) : sendPageFile(c, file, 'immutable');
  });
  return router;
}

/** As the settings of a phone show it. */
const fingerprintOf = (certificate: string): string =>
  (createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('hex').toUpperCase().match(/../g) ?? []).join(
    ':',
  );

// The dashboard's files, and the SDKs that pages of other people load.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { createRouter, problem, type Environment } from './context.ts';
import { contentTypes, readPage, sendPageFile } from './page-files.ts';
import { pageHeaders } from './page-headers.ts';

const sdkNames = ['geofence', 'wallet'] as const;

export interface PageRoutesDeps {
  /** Folder of the built page. */
  readonly pageFolder: string;
  /** Folders of the built SDKs for browsers. */
  readonly sdkFolders: Readonly<Record<(typeof sdkNames)[number], string>>;
}

/** The page's files, which contain nothing secret. */
export function pageRoutes({ pageFolder, sdkFolders }: PageRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const files = readPage(pageFolder);
  const headers = pageHeaders({ ownPictures: true });
  router.get('/', headers, (c) => {
    const index = files.get('/index.html');
    if (index === undefined)
      return c.text(
        'The dashboard has not been built. Run npm run build, then start the service again.\nThe API is described at /openapi.json\n',
      );
    return sendPageFile(c, index, 'revalidated');
  });
  router.get('/assets/:file', headers, (c) => {
    const file = files.get(c.req.path);
    return file === undefined ? problem(c, { type: 'not-found' }) : sendPageFile(c, file, 'immutable');
  });
  for (const name of sdkNames) {
    const file = join(sdkFolders[name], `${name}.js`);
    const sdk = existsSync(file) ? readFileSync(file) : undefined;
    // Pages of other origins load it, too; it grows with the service, so nobody keeps it for long.
    router.get(`/sdk/${name}.js`, (c) => {
      if (sdk === undefined) return problem(c, { type: 'not-found', detail: 'Not built. Run: npm run build' });
      return c.body(Buffer.from(sdk), 200, {
        'Content-Type': contentTypes['.js'] ?? '',
        'Cache-Control': 'public, max-age=300',
        'Access-Control-Allow-Origin': '*',
      });
    });
  }
  return router;
}

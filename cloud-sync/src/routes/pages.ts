// The dashboard's files, and the SDKs that pages of other people load.
import type { Hono } from 'hono';
import { createRouter, problem, type Environment } from './context.ts';
import { readPage, sendPageFile } from './page-files.ts';
import { pageHeaders } from './page-headers.ts';

const sdkNames = ['geofence', 'wallet'] as const;

export interface PageRoutesDeps {
  /** Folder of the built page. */
  readonly pageFolder: string;
  /** Folders of the built SDKs for browsers. */
  readonly sdkFolders: Readonly<Record<(typeof sdkNames)[number], string>>;
}

/** The name of the dashboard's script, which changes with whatever is in it; undefined where it has not been built. */
export const readDashboard = (pageFolder: string): string | undefined => {
  const index = readPage(pageFolder).get('/index.html');
  return index && /<script type="module"[^>]* src="\.\/assets\/([^"]+)"/.exec(Buffer.from(index.bytes).toString())?.[1];
};

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
    const sdk = readPage(sdkFolders[name]).get(`/${name}.js`);
    // Pages of other origins load it, too; it grows with the service, so nobody keeps it for long.
    router.get(`/sdk/${name}.js`, (c) => {
      if (sdk === undefined) return problem(c, { type: 'not-found', detail: 'Not built. Run: npm run build' });
      c.header('Access-Control-Allow-Origin', '*');
      return sendPageFile(c, sdk, 'for minutes');
    });
  }
  return router;
}

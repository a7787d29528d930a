// The page of tickets on phones: its files, which hold nothing secret, under rules as strict as a page can be put under. Nothing comes from
// elsewhere, nothing is written in the page itself, nobody frames it.
import type { Hono } from 'hono';
import { gateIcon } from '../services/gate-icon.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { readPage, sendPageFile } from './page-files.ts';
import { pageHeaders } from './page-headers.ts';

export interface MyPageRoutesDeps {
  /** Folder of the built page. */
  readonly myPageFolder: string;
}

/** Of the home screen, in pixels; the manifest says the same. */
const iconPixels = 192;

export function myPageRoutes({ myPageFolder }: MyPageRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const icon = { bytes: gateIcon(iconPixels), contentType: 'image/png' };
  const files = new Map([...readPage(myPageFolder), ['/icon.png', icon]]);
  const headers = pageHeaders({ installed: true });
  router.get('/my', headers, (c) => {
    // Everything of the page is beside it; browsers keep the fragment, with the link's secret, to themselves.
    if (!new URL(c.req.url).pathname.endsWith('/')) return c.redirect('my/', 308);
    const index = files.get('/index.html');
    return index === undefined
      ? c.text('This page has not been built. Run npm run build, then start the service again.\n')
      : sendPageFile(c, index, 'revalidated');
  });
  router.get('/my/:file', headers, (c) => {
    const file = files.get(`/${c.req.param('file')}`);
    return file === undefined ? problem(c, { type: 'not-found' }) : sendPageFile(c, file, 'revalidated');
  });
  router.get('/my/assets/:file', headers, (c) => {
    const file = files.get(`/assets/${c.req.param('file')}`);
    return file === undefined ? problem(c, { type: 'not-found' }) : sendPageFile(c, file, 'immutable');
  });
  return router;
}

// Goal: whoever may connect an event with a pretix server cannot make this machine speak to its own neighbours, by whatever address or name.
import { describe, expect, test } from 'vitest';
import { createReach } from '../../../../cloud-sync/src/services/pretix/reach.ts';
import { createAddresses } from '../../../../cloud-sync/src/services/network-addresses.ts';
import { createPerson, askAs } from '../../../support/people.ts';
import { createTestCloud, someEvent } from '../../../support/cloud.ts';
import { connection, openPretixRig } from '../../../support/pretix.ts';

const names: Readonly<Record<string, readonly string[]>> = {
  'pretix.example': ['93.184.216.34', '2606:2800:220:1::1'],
  'inside.example': ['10.1.2.3'],
  'mixed.example': ['93.184.216.34', '127.0.0.1'],
  'nothing.example': [],
  'our.example': ['10.9.0.1'],
  'app.localhost': ['127.0.0.1'],
};
const reach = createReach(createAddresses(['10.9.0.0/16']), async (name) => {
  const found = names[name];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found.map((address) => ({ address }));
});
const outcome = (result: Awaited<ReturnType<typeof reach.mayAsk>>): string => (result.ok ? 'yes' : result.error.type);

describe('an organiser', () => {
  test.each([
    'https://pretix.example',
    'https://pretix.example:8443/shop',
    'https://93.184.216.34',
    'https://our.example',
    'http://our.example',
    'http://10.9.0.1',
  ])('may name %s', async (server) => {
    expect(outcome(await reach.mayName(server))).toBe('yes');
  });

  test.each([
    'https://inside.example',
    'https://mixed.example',
    'https://nothing.example',
    'https://app.localhost',
    'http://pretix.example',
    'http://93.184.216.34',
    'http://127.0.0.1:8080',
    'https://2130706433',
    'https://0x7f.1',
    'https://0.0.0.0',
    'https://169.254.169.254',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[64:ff9b::7f00:1]',
    'https://[fe80::1]',
  ])('may not name %s', async (server) => {
    expect(outcome(await reach.mayName(server))).toBe('pretix-url-forbidden');
  });

  test('is told so by the API before anything is asked, and may go on with what an administrator has connected', async () => {
    const cloud = await createTestCloud();
    await cloud.json('POST', '/api/events', { ...someEvent, event: 1, types: [] });
    const rig = await openPretixRig(cloud, 1);
    try {
      const organiser = await createPerson(cloud, 'organiser', 1);
      const request = connection(rig.standIn, rig.list);
      const refused = await askAs(cloud, organiser, 'PUT', '/api/events/1/pretix', { ...request, allowHttp: true });
      expect([refused.status, await refused.json()]).toMatchObject([422, { type: 'pretix-url-forbidden' }]);
      expect(rig.standIn.asked).toEqual([]);
      await rig.connect();
      const { token: _token, ...rest } = request;
      expect((await askAs(cloud, organiser, 'PUT', '/api/events/1/pretix', rest)).status).toBe(200);
    } finally {
      await cloud.close();
      await rig.standIn.stop();
    }
  });
});

describe('a name', () => {
  test.each([
    ['http://pretix.example', 'yes'],
    ['https://inside.example', 'pretix-url-forbidden'],
    ['https://mixed.example', 'pretix-url-forbidden'],
    ['https://app.localhost', 'pretix-url-forbidden'],
    ['https://gone.example', 'pretix-unreachable'],
  ])('%s is looked at anew before each request: %s', async (server, expected) => {
    expect(outcome(await reach.mayAsk(server))).toBe(expected);
  });

  test('is not needed by who runs the service: an address says itself where it is', async () => {
    for (const server of ['http://127.0.0.1:8345', 'http://localhost:8345', 'https://[fd00::1]', 'https://10.1.2.3'])
      expect(outcome(await reach.mayAsk(server))).toBe('yes');
  });
});

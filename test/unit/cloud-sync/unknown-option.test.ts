// Goal: an option that a command does not have is named with the command that lacks it, and none that it has ever is.
import { describe, expect, it } from 'vitest';
import { explainUnknownOption } from '../../../cloud-sync/src/commands/unknown-option.ts';

type Command = Parameters<typeof explainUnknownOption>[0];
const publish: Command = {
  args: { event: { type: 'string' }, 'public-url': { type: 'string' }, snapshot: { type: 'boolean' } },
};
const root: Command = { subCommands: { publish, feed: { subCommands: { publish } } } };

describe('explainUnknownOption', () => {
  it.each([
    ['publish --evnt 1', '--evnt', 'publish'],
    ['publish --evnt=1', '--evnt', 'publish'],
    ['publish --event --evnt 1', '--evnt', 'publish'],
    ['publish --event 1 -x', '-x', 'publish'],
    ['publish --no-event', '--no-event', 'publish'],
    ['feed publish --event 1 --constructor', '--constructor', 'feed publish'],
    ['publish --version', '--version', 'publish'],
    ['feed --event 1', '--event', 'feed'],
  ])('names what is not there: %s', async (line, option, command) => {
    expect(await explainUnknownOption(root, line.split(' '))).toBe(
      `there is no option ${option}; see cloud-sync ${command} --help`,
    );
  });

  it.each([
    'publish --event 1 --snapshot --public-url=http://x?--y=1',
    'publish --event -1 --no-snapshot',
    'publish --help',
    'feed publish -h',
    'publish -- --evnt',
    'nothing',
    '--version',
  ])('lets pass what is: %s', async (line) => {
    expect(await explainUnknownOption(root, line.split(' '))).toBeUndefined();
  });
});

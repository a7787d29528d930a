// The floor of a Bluetooth adapter: noble by itself, on the serial line that is named. Says when it has first heard a band's manufacturer data.
// Nothing of ours is in the way.
import { createRequire } from 'node:module';
import { createSystemClock } from '../../gate-agent/src/system.ts';

/** The part of the package that is used here. */
interface BareNoble {
  readonly on: ((event: 'stateChange', listener: (state: string) => void) => void) &
    ((
      event: 'discover',
      listener: (heard: { readonly advertisement: { readonly manufacturerData?: Uint8Array } }) => void,
    ) => void);
  readonly startScanning: (services: readonly string[], repeats: boolean) => void;
}

const { withBindings } = createRequire(new URL('../../gate-agent/package.json', import.meta.url))(
  '@stoprocent/noble',
) as {
  readonly withBindings: (kind: 'hci', options: object) => BareNoble;
};
const [, , port = ''] = process.argv;
const clock = createSystemClock();
const noble = withBindings('hci', { hciDriver: 'uart', bindParams: { uart: { port, baudRate: 1_000_000 } } });
noble.on('stateChange', (state) => state === 'poweredOn' && noble.startScanning([], true));
noble.on('discover', ({ advertisement }) => {
  if ((advertisement.manufacturerData?.length ?? 0) > 2) process.send?.({ type: 'heard', atMs: clock.monotonicMs() });
});
process.on('disconnect', () => process.exit(0));

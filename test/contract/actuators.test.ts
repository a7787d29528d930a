import { createStewardActuator } from '../../gate-agent/src/actuators/none.ts';
import { createSimulatedTurnstile } from '../../gate-agent/src/actuators/simulated.ts';
import { createVirtualTime } from '../support/virtual-time.ts';
import { actuatorContract } from './actuator.ts';

actuatorContract('sim://', () => {
  const time = createVirtualTime();
  const turnstile = createSimulatedTurnstile({ id: 'sim://', passAfterMs: 300, passageTimeoutMs: 5_000 }, time);
  const lapse = (): void => turnstile.plan({ type: 'lapse' });
  return { time, actuator: turnstile.actuator, lapseNext: lapse, waitNext: lapse, observed: turnstile.state };
});

actuatorContract('none://', () => ({
  time: createVirtualTime(),
  actuator: createStewardActuator(),
  lapseNext: undefined,
  waitNext: undefined,
  observed: undefined,
}));

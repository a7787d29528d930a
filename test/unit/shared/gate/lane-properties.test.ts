// Goal: whatever readers, people, turnstile, store and fire do, in whatever order, the lane's promises hold.
import fc from 'fast-check';
import { test } from 'vitest';
import { createRig } from '../../../support/lane-rig.ts';
import { laneStepsArbitrary, letEverybodyIn, runLaneScenario } from '../../../support/lane-scenario.ts';

test.each(['entry', 'exit'] as const)('an %s lane keeps its promises under random interleavings', async (direction) => {
  await fc.assert(
    fc.asyncProperty(laneStepsArbitrary, fc.constantFrom('locked', 'free'), async (steps, onFailure) => {
      const rig = await createRig({ direction, onFailure });
      if (direction === 'exit') await letEverybodyIn(rig);
      await runLaneScenario(rig, steps);
    }),
    { numRuns: 500 },
  );
});

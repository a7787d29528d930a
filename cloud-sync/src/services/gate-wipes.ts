// How an order to wipe a gate stands, in words.
import { exhaustive, type GateWipe, type WipeObstacle } from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Schema } from '../store/schema.ts';

export function viewWipe(row: Selectable<Schema['gate_wipe']>): GateWipe {
  const common = { askedAtMs: row.asked_at_ms, reason: row.reason };
  if (row.done_at_ms !== null)
    return { ...common, state: 'done', doneAtMs: row.done_at_ms, text: 'It has forgotten everything and says so.' };
  if (row.obstacle === null)
    return {
      ...common,
      state: 'asked',
      text: 'It has not been heard since. It forgets everything when it is: switch it on and connect it; if it is out of reach, revoke it.',
    };
  const obstacle = row.obstacle as WipeObstacle;
  return { ...common, state: 'obstructed', obstacle, text: obstacleText(obstacle) };
}

function obstacleText(obstacle: WipeObstacle): string {
  switch (obstacle) {
    case 'marks-waiting':
      return 'It still has marks that the cloud does not have: leave it connected until they are here. It goes on by itself then.';
    case 'storage':
      return 'It could not delete everything: look at its disk. It tries again every minute; take the card out and destroy it if that does not help.';
    default:
      return exhaustive(obstacle);
  }
}

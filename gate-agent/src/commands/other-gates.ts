// What people read about the other gates on the network.
import type { AgentHealth } from './running-agent.ts';

type Lan = NonNullable<AgentHealth['contact']['lan']>;

/** `2 gates found on the network, in touch with 2, 1 refused: not this deployment's`. */
export function otherGatesText({ found, answering, refused }: Lan): string {
  const gates =
    found === 0 ? 'none found on the network' : `${found} ${found === 1 ? 'gate' : 'gates'} found on the network`;
  const touch = found + answering === 0 ? '' : `, in touch with ${answering === 0 ? 'none' : answering}`;
  return `${gates}${touch}${refused === 0 ? '' : `, ${refused} refused: not this deployment's`}`;
}

// `gate-agent run`: starts the gate, says where it is, and stops it cleanly on SIGTERM and SIGINT, within a bounded time.
import type { LogLevel } from '../logger.ts';
import { createLogger } from '../logger.ts';
import { loadConfig, serviceManagerOf } from '../config.ts';
import { askRunningAgent } from './running-agent.ts';
import { startGate } from '../main.ts';
import { feedWatchdog, openServiceManager } from '../service-manager.ts';
import { createSystemTimer } from '../system.ts';

/** A stop that takes longer is given up: the journal is durable at any moment. */
const stopWithinMs = 5_000;

export interface RunOptions {
  readonly config: string;
  /** One JSON line `{"type":"ready",…}` on standard output instead of a sentence. */
  readonly json: boolean;
  readonly logLevel?: LogLevel;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const complain = (line: string): void => void process.stderr.write(`${line}\n`);

/** Exit code of the process: 0 after a clean stop, 2 when it could not start. */
export async function runCommand({ config: path, json, logLevel }: RunOptions): Promise<number> {
  const config = loadConfig(path);
  if (!config.ok) {
    for (const complaint of config.error.complaints) complain(complaint);
    return 2;
  }
  const other = await askRunningAgent(config.value.gate.data);
  if (other?.health !== undefined && other.health['boot'] === other.boot) {
    complain(
      `gate-agent: this gate is running already (process ${other.pid}, ${other.url}); stop that one first, or give this one another data folder`,
    );
    return 2;
  }
  const logger = createLogger(logLevel ?? config.value.log.level);
  const stopRequested = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  const gate = await startGate(config.value, logger);
  if (!gate.ok) {
    complain(`gate-agent: ${gate.error.cause}`);
    return 2;
  }
  const { url, boot, selfTest, stop } = gate.value;
  const manager = await openServiceManager(serviceManagerOf(), logger);
  const stopping = new AbortController();
  manager.tell('READY=1', `STATUS=Gate ${config.value.gate.id} at ${url}`);
  void feedWatchdog(manager, selfTest, { timer: createSystemTimer(), logger, signal: stopping.signal });
  say(
    json
      ? JSON.stringify({ type: 'ready', url, pid: process.pid, boot })
      : `ready: ${url}/display (health: ${url}/health)`,
  );
  await stopRequested;
  stopping.abort();
  manager.tell('STOPPING=1');
  // Ends the process in any case: a half-open input or an idle connection must not keep a stopped gate alive.
  const giveUp = setTimeout(() => {
    logger.error({ stopWithinMs }, 'Stopping took too long and was given up');
    process.exit(1);
  }, stopWithinMs);
  giveUp.unref();
  await stop();
  manager.close();
  clearTimeout(giveUp);
  process.exit(0);
}

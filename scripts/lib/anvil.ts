// A real EVM with a JSON-RPC of its own (Foundry's anvil, out of its npm package), for tests and benchmarks: ready in some tenths of a second,
// accounts full of coins, blocks when one asks for them.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Anvil {
  readonly url: string;
  /** The result; fails where the node refuses. */
  readonly rpc: <T = unknown>(method: string, ...params: readonly unknown[]) => Promise<T>;
  readonly stop: () => Promise<void>;
}

/** anvil's first accounts, from the mnemonic that all developers' chains share: worth nothing anywhere else. */
export const anvilKeys = [
  'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
] as const;
export const anvilAccounts = [
  '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
  '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
  '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc',
] as const;
export const anvilChainId = 31_337;

function programPath(): string | undefined {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `@foundry-rs/anvil-${process.platform}-${names[process.arch] ?? process.arch}/package.json`,
    );
    const program = join(dirname(manifest), 'bin/anvil');
    return existsSync(program) ? program : undefined;
  } catch {
    // npm has none for this machine, or left it out.
    return undefined;
  }
}

/** Why no chain can be started here, or undefined. */
export const missingAnvil = (): string | undefined =>
  programPath() === undefined ? 'anvil not installed (npm install --include=optional)' : undefined;

/** `args` beside those that make it quiet and local. */
export async function startAnvil(...args: readonly string[]): Promise<Anvil> {
  const child = spawn(programPath() ?? 'anvil', ['--host', '127.0.0.1', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    const hear = (data: Buffer): void => {
      text = (text + data.toString()).slice(-4_096);
      const [, address] = /Listening on (\S+)/.exec(text) ?? [];
      if (address !== undefined) resolve(`http://${address}`);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${text}`)));
  });
  let id = 0;
  return {
    url,
    rpc: async <T>(method: string, ...params: readonly unknown[]): Promise<T> => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
      });
      const answer = (await response.json()) as { readonly result?: T; readonly error?: { readonly message: string } };
      if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
      return answer.result as T;
    },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

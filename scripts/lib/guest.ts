// A virtual machine with Debian's kernel on this machine's own files: they are mounted read-only by 9p, and what the guest writes
// stays in its memory. For drivers that this machine's kernel lacks. The kernel is in `.cache/guest` (scripts/test-guest puts it there).
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const kernelFolder = join(repository, '.cache/guest');
const busybox = '/bin/busybox';

/** In the order in which they need each other; what a kernel has built in is not there. */
const modules = [
  'drivers/virtio/virtio_ring.ko',
  'drivers/virtio/virtio.ko',
  'drivers/virtio/virtio_pci_modern_dev.ko',
  'drivers/virtio/virtio_pci_legacy_dev.ko',
  'drivers/virtio/virtio_pci.ko',
  'fs/netfs/netfs.ko',
  'fs/fscache/fscache.ko',
  'net/9p/9pnet.ko',
  'net/9p/9pnet_virtio.ko',
  'fs/9p/9p.ko',
  'fs/overlayfs/overlay.ko',
  'drivers/hid/hid.ko',
  'drivers/hid/hid-generic.ko',
  'drivers/hid/uhid.ko',
  'drivers/input/evdev.ko',
];

const kernelIn = (folder: string): string | undefined =>
  existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith('vmlinuz-')) : undefined;

/** Why there can be no guest here, or undefined. */
export const missingGuestKernel = (): string | undefined =>
  kernelIn(join(kernelFolder, 'boot')) === undefined ? 'no kernel for the guest; run npm run test:guest' : undefined;

const init = (command: string): string => `#!/bin/busybox sh
B=/bin/busybox
$B mkdir -p /proc /sys /dev /ro /rw /root
$B mount -t proc p /proc; $B mount -t sysfs s /sys; $B mount -t devtmpfs d /dev
for module in $($B cat /order); do $B insmod /lib/$module || echo "insmod $module failed"; done
$B mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro root /ro
$B mount -t tmpfs t /rw; $B mkdir /rw/upper /rw/work
$B mount -t overlay -o lowerdir=/ro,upperdir=/rw/upper,workdir=/rw/work o /root
$B mount --bind /dev /root/dev; $B mount --bind /proc /root/proc; $B mount --bind /sys /root/sys
$B ip link set lo up
$B chroot /root /bin/bash -c '${command}'
echo o >/proc/sysrq-trigger
$B sleep 60
`;

/** Writes the guest's first file system into `folder`; it runs `command` (without single quotes) and ends. */
function buildInitramfs(folder: string, command: string): string {
  const root = join(folder, 'initramfs');
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'lib'));
  copyFileSync(busybox, join(root, 'bin/busybox'));
  writeFileSync(join(root, 'init'), init(command));
  chmodSync(join(root, 'init'), 0o755);
  const modulesFolder = join(kernelFolder, 'lib/modules');
  const drivers = join(modulesFolder, readdirSync(modulesFolder)[0] ?? '', 'kernel');
  const there = modules.filter((path) => existsSync(join(drivers, path)));
  for (const path of there) copyFileSync(join(drivers, path), join(root, 'lib', basename(path)));
  writeFileSync(join(root, 'order'), there.map((path) => basename(path)).join('\n'));
  const archive = join(folder, 'initramfs.cpio');
  execFileSync(busybox, ['sh', '-c', `cd '${root}' && ${busybox} find . | ${busybox} cpio -o -H newc >'${archive}'`], {
    stdio: 'ignore',
  });
  return archive;
}

/** Runs a command in a guest and gives what it printed. `folder` is for the guest's own files. */
export async function runInGuest(folder: string, command: string, signal: AbortSignal): Promise<string> {
  const kernel = kernelIn(join(kernelFolder, 'boot')) ?? '';
  const machine = [
    // Emulated: where this machine is a guest itself, its own virtualisation is not to be relied upon.
    ['-accel', 'tcg'],
    ['-cpu', 'max'],
    ['-smp', '2'],
    ['-m', '2048'],
    ['-nographic', '-no-reboot', '-nodefaults'],
    ['-serial', 'stdio'],
    ['-kernel', join(kernelFolder, 'boot', kernel)],
    ['-initrd', buildInitramfs(folder, command)],
    ['-append', 'console=ttyS0 quiet panic=-1 loglevel=3'],
    ['-fsdev', 'local,id=r,path=/,security_model=none,readonly=on,multidevs=remap'],
    ['-device', 'virtio-9p-pci,fsdev=r,mount_tag=root'],
  ].flat();
  const guest = spawn('qemu-system-x86_64', machine, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const stream of [guest.stdout, guest.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise<void>((resolve) => guest.on('error', () => resolve()).on('close', () => resolve()));
  return said;
}

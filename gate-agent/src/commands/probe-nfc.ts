// Asks the PC/SC service once which of its readers a name means; for the doctor.
import { ok } from '@postern/shared';
import { pcscSocketPath } from '../config.ts';
import { createNfcService } from '../readers/nfc-service.ts';
import { createSystemTimer } from '../system.ts';
import type { ProbeNfc } from './doctor-nfc.ts';

export const probeNfc: ProbeNfc = async (wanted) => {
  const service = createNfcService({ socketPath: pcscSocketPath(), timer: createSystemTimer() });
  const device = await service.hold(wanted, new AbortController().signal);
  if (!device.ok) return device;
  device.value.release();
  return ok(device.value.name);
};

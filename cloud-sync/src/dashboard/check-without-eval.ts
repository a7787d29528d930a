// Checks what the cloud answers without making code of the schemas, which the page's rules forbid. It comes before everything that has schemas.
import { z } from 'zod';

z.config({ jitless: true });

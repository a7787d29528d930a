// Zod would compile its checks with `new Function`, which the page's rules forbid, and try that out whenever a schema is made: so this goes
// before every other import of a page and of its workers.
import { z } from 'zod';

z.config({ jitless: true });

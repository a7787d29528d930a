// The floor of a gate's start: a process that opens a database, commits one row durably and says so. Argument: the file.
import { openDatabase } from '../../gate-agent/src/store/database.ts';

const [, , path = ''] = process.argv;
const database = openDatabase(path);
database.exec('CREATE TABLE IF NOT EXISTS started (at)');
database.prepare('INSERT INTO started VALUES (?)').run(performance.now());
database.close();
console.log('started');

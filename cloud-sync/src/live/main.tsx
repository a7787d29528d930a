// The cloud's live page: gates, last entries and cases of one event, as they happen.
import { render } from 'preact';
import { App } from './app.tsx';
import { start } from './connection.ts';

const root = document.getElementById('page');
if (root !== null) render(<App />, root);
void start();

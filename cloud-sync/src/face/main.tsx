// The page on which somebody enrols their own face, on their own phone: what leaves it is a template, never a picture.
import { render } from 'preact';
import { App } from './app.tsx';
import { start } from './enrolment.ts';

const root = document.getElementById('page');
if (root !== null) render(<App />, root);
void start();

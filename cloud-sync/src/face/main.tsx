// The page on which somebody enrols their own face, on their own phone: what leaves it is a template, never a picture.
import { render } from 'preact';
import { directionOf } from '@postern/shared';
import { App } from './app.tsx';
import { start } from './enrolment.ts';
import { language } from './language.ts';
import { labels } from './messages.ts';

document.documentElement.lang = language;
document.documentElement.dir = directionOf(language);
document.title = labels.title[language];
const root = document.getElementById('page');
if (root !== null) render(<App />, root);
void start();

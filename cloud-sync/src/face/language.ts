// The language of the page: the phone's first that we have.
import { chooseLanguage } from '@postern/shared';

export const language = chooseLanguage(navigator.languages);

// The words of the officer's page in English.
import type { patrol as zh } from './patrol.zh';

export const patrol: typeof zh = {
  title: 'Wangge patrol',
  screens: 'Screens',
  screen: { map: 'Map', me: 'Me' },
  map: 'Map of the patrol',
  follow: 'Back to where I am, and follow',
  seeking: {
    asking: 'Looking for this place …',
    denied:
      'The browser may not use the location. Allow it for this site in the settings of phone and browser, then try again.',
    unavailable: 'No location can be received just now; it goes on by itself.',
    insecure:
      'This address is not encrypted (HTTP), so the browser gives no location. Please use the HTTPS address.',
  },
  account: 'Account',
  signIn: {
    unasked: 'The server cannot be reached just now; what is recorded stays on this phone.',
    holds: 'Signed in',
    ended: 'The sign-in has ended; please sign in again. What is on this phone stays.',
  },
  leave: 'Sign out',
  noAnswer: 'The server did not answer; try again where there is signal.',
  look: 'Display',
  language: 'Language',
  desk: 'Open the page for the desk',
  broken:
    'What was recorded on this phone is not affected. Please reload; if it happens again, give the text below to whoever maintains the service.',
};

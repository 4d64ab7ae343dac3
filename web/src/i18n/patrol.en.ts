// The words of the officer's page in English.
import type { patrol as zh } from './patrol.zh';

export const patrol: typeof zh = {
  title: 'Wangge patrol',
  screens: 'Screens',
  screen: { map: 'Map', outbox: 'Outbox', me: 'Me' },
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
  shift: 'Shift',
  begin: 'The track is recorded on duty only. Choose how you go, and begin:',
  transport: { foot: 'On foot', bicycle: 'By bicycle', car: 'By car' },
  pause: 'Pause',
  resume: 'Go on',
  end: 'End the patrol',
  endSure: 'Press again to end',
  recording: 'Recording the track',
  silent: 'No location comes in; nothing is recorded',
  paused: 'Paused; nothing is recorded',
  notRecorded: 'This phone cannot keep more, so the track is not recorded. Please free some storage.',
  fixes: 'fixes: {{count}}',
  gaps: 'gaps: {{count}}',
  awake:
    'The screen stays on. A locked phone, or another app in front, stops the recording and leaves a gap.',
  asleep:
    'This phone does not let the page keep the screen on: keep it from locking yourself, for a locked phone records nothing and leaves a gap.',
  revoked: 'This phone was reported as lost; what it held has been deleted.',
  loose: 'Fixes waiting to be packed and sent: {{count}}',
  nothingWaits: 'Nothing waits; the server holds everything.',
  sendingIs: {
    idle: 'Nothing is being sent; whatever is new goes out by itself.',
    sending: 'Sending …',
    signed_out: 'The sign-in has ended; sign in again under Me to send.',
    busy: 'Another tab is sending.',
    waiting: 'It did not go out; the next try is in {{count}} s.',
  },
  kind: { shift: 'Shift', fixes: 'Track', incident: 'Incident', visit: 'Visit', mark: 'Checkpoint', step: 'Step' },
  state: { queued: 'waits', sending: 'has left, not confirmed yet', refused: 'not taken', sent: 'delivered' },
  drop: 'Delete',
  dropSure: 'Press again to delete',
  sentBefore: 'Delivered lately',
  storage: 'Storage of this phone',
  persisted: 'The browser has promised not to clear what is kept here.',
  notPersisted:
    'The browser may clear what is kept here when storage runs low. Send it soon, or save what waits as a file.',
  save: 'Save as a file',
  load: 'Read from a file',
  loaded: '{{count}} items were read',
  notLoaded: {
    unreadable: 'This is no file of an outbox',
    other_account: 'This file belongs to another account',
  },
  look: 'Display',
  language: 'Language',
  desk: 'Open the page for the desk',
  broken:
    'What was recorded on this phone is not affected. Please reload; if it happens again, give the text below to whoever maintains the service.',
};

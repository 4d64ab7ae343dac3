// What the server refuses in the administration and in the public enquiry, in English.
import type { adminProblems as zh } from './admin-problems.zh';

export const adminProblems: typeof zh = {
  account_missing: 'Say who is away',
  administrator_last:
    'Somebody has to keep the whole installation. Appoint another administrator everywhere first',
  backstop_unknown: 'The backstop has to be a post that is there now',
  break_glass_not_found: 'There is no such access that you may see',
  contact_not_linked: 'Only the worker linked to this household and the supervisor may do this',
  copy_none: 'There is no copy to take for this request',
  copy_taken: 'The copy was taken already; it is made once. Record another request for another',
  grant_beyond_own:
    'A post cannot give what you may not do yourself. An administrator of everywhere can make it',
  handover_incomplete:
    'Say which office receives it and what for, 2 to 200 letters each, without phone numbers',
  holder_later: 'Somebody else is to hold it later. Leave it empty from that day first',
  holder_outside_post: 'The post is not there on that day',
  holder_own_deputy: 'Nobody is their own deputy: free the other rank first',
  holder_past: 'What was in force before today stays. Choose today or later',
  notice_unknown: 'There is no such notice',
  place_or_address: 'Type an address, or choose a place on the map',
  place_unserved:
    'No grid was found for this. Try the name of the street or building, or choose a place on the map',
  post_department: 'A department officer needs a department, and no other post has one',
  post_ended: 'The post has ended, or ends before this day. Make a new one',
  post_kind_unknown: 'There is no such kind of post',
  post_title_long: 'A title has at most 60 characters',
  post_unknown: 'There is no such post in your area',
  public_map_off: 'The public map is not open',
  public_service_off: 'The public enquiry is not open',
  purpose_unknown: 'The register has no such entry',
  request_action: 'This cannot be done with the request as it stands',
  request_date: 'Received today or in the last 60 days',
  request_kind: 'Choose what is asked for',
  request_reason: 'A decision gives its reason; a refusal explains it',
  request_subject: 'Say which household it is about, or its address if it is not in the ledger',
  request_unknown: 'There is no such request',
  retention_days: 'So many days are not allowed for this kind of data',
  retention_unknown: 'There is no such kind of data',
  review_number_missing: 'A public map needs its review number first',
  staffing_kind_twice: 'A template names each kind of post once',
  staffing_numbers: 'At most is not below at least, and not 0. To have none of a kind, remove its line',
  text_empty: 'Every text is needed in Chinese and in English',
  text_malformed: 'The text has characters that cannot be stored',
  text_personal:
    'The text seems to hold a phone or identity number. It is kept for years and read by many: leave it out',
  text_stale: 'A newer version was published. Read that one first',
  verification_too_long: 'The log is too long to be verified here. Run wangge audit verify on the server',
};

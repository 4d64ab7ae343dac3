// What is said of visits, premises, checkpoints and beats in English.
import type { visitProblems as problems } from './visits.zh';

export const visitProblems: typeof problems = {
  cadence_unknown: 'There is no such visit cadence',
  cadence_terms:
    'A cadence has a title in both languages, households and 1 to 366 days; a most of households per post only for linked ones',
  cadence_ordinal: 'Another cadence stands at this place of the list',
  visit_household: 'There is no such household where you may record',
  visit_outcome: 'Say how the visit ended: met, nobody or declined',
  visit_time: 'A visit was made within the last 60 days, and not in the future',
  visit_taken: 'Another visit has this id already. Choose a new one',
  visit_unwanted: 'This household wants no visits, so none is recorded',
  visit_post: 'There is no such post where you may record',
  visit_links_rows:
    'Some rows cannot be taken, so nothing was stored. Correct the places named and send the file again',
  visit_links_too_many:
    'A post has no more linked households than the cadence allows. Link some to another post',
  visit_cursor: 'This is no cursor of a page of visits',
  premises_unknown: 'There are no such premises where you may see places',
  premises_finding:
    'An inspection finds red, yellow or green, says why unless it is green, without personal data, and holds from its day to a later one',
  premises_post: 'There is no such post',
  block_unknown: 'There is no such block where you may record',
  block_seen: 'A block was seen on a day that is not in the future',
  checkpoint_unknown: 'There is no such checkpoint',
  checkpoint_way: 'A checkpoint is marked by gps, with the place of the phone, or by qr or nfc with the code',
  checkpoint_time: 'A mark was set within the last 60 days, and not in the future',
  checkpoint_taken: 'Another mark has this id already. Choose a new one',
  beat_unknown: 'There is no such beat',
  beat_plan:
    'A beat has a name without personal data, at least one weekday, a start before its end, and 1 to 200 checkpoints, none of them twice',
  beat_checkpoints: 'Some checkpoints of the beat are unknown, closed or outside its unit',
  beat_unit: 'There is no such unit where you may plan',
  track_file: 'This is no GPX 1.1 file in UTF-8 with a track of at most 60,000 points',
  coverage_period: 'Coverage is told of 7 to 92 days that are not yet to come',
  coverage_unit: 'The unit is larger than 300 km². Ask for the units below it',
  beat_ask: 'A walk takes 5 to 240 minutes at 1 to 8 km/h, and starts and ends at possible places',
  beat_off_street:
    'No street can be reached within 200 m of where the walk starts or ends. Choose a place at a street',
  register_too_many_beats: 'A register has 5,000 beats at most; split the file by area',
  checkpoint_plates: 'There are more than 2,000 checkpoints; choose a smaller unit',
  register_rows:
    'Some rows cannot be taken, so nothing was stored. Correct the places named and send the file again',
  register_fields: 'Columns are missing. Name them in the mapping',
  register_too_many: 'A register has 100,000 rows at most; split the file by area',
  register_taken:
    'Entries outside your area have numbers of this register under the same source. Give your register another source',
};

// What is said of photos of incidents in English.
import type { photoProblems as problems } from './photo-problems.zh';

export const photoProblems: typeof problems = {
  photo_unknown: 'There is no such photo, or you may not see it',
  photo_piece: 'The piece of the photo is empty, or goes beyond its end',
  photo_piece_too_large: 'A piece has at most 512 KB',
  photo_too_large: 'A photo has at most 5 MB',
  photo_length: 'This photo was begun with another length; use another id',
  photo_offset: 'The next piece begins elsewhere; go on where the server says',
  photo_digest_malformed: 'The last piece needs the SHA-256 of the photo',
  photo_digest: 'What arrived is not what was sent and was dropped; send the photo again',
  photo_exists: 'Another photo has this id; use another one',
  photo_daily: 'You have sent 1 GB of photos today; send the others tomorrow',
  resident_photos: 'A report has at most three photos',
  resident_photo_closed: 'This report is closed and takes no more photos; report anew if it is still there',
  resident_photo_too_large: 'A photo of a resident has at most 2 MB',
  resident_photo_daily: 'No more photos of residents are taken today; the report stands, send them tomorrow',
  photo_areas: 'What is covered lies within the photo, at most 100 areas',
  photo_uncovered: 'Look at the photo, mark every face and plate, and say that they are covered',
  photo_private: 'The incident is private, and so are its photos',
  photo_loose: 'The photo belongs to no incident and cannot be released',
  incident_photos: 'A report has at most nine photos, each with an id of its own',
  incident_photo_used: 'One of these photos belongs to another report',
};

// The words of a plan's files in English.
import type { files as zh } from './files.zh';

export const files: typeof zh = {
  dossier: 'Dossier of the plan',
  dossierText:
    'One PDF: an overview and a sheet for each unit above (legend, scale, north, day of effect), units before and after, decision, lineage, rules and waivers, comments; the digest of the plan stands at the foot of every page. The ZIP also holds the boundaries, the tables and a signed manifest.',
  onlyAdopted: 'A plan has a dossier once it is adopted; a draft can be taken out as one of the files below.',
  noExport: 'Your posts do not allow taking files out.',
  makePdf: 'Make the dossier as PDF',
  makeZip: 'Make it as ZIP, signed',
  made: 'Dossiers that were made',
  none: 'No dossier was made yet',
  noneHint: 'It is made in the background, so you can leave this page. The file is kept for a day.',
  download: 'Download {{name}} ({{size}})',
  keptUntil: 'kept until {{time}}',
  gone: 'The file is not kept any more. Make it again: as long as the plan is the same, so is the file',
  sha: 'SHA-256 of the file',
  digest: 'Digest of the plan',
  check: 'How to check it',
  checkFile:
    'The file: sha256sum {{name}} must give the SHA-256 above. Made again of the same plan, the file is the same to the byte.',
  checkPlan:
    'The plan: the foot of every page, and what GeoJSON and GeoPackage say of themselves, have the digest shown here. The page on exchange in the documentation describes it byte by byte, with a program that shares no code with this one.',
  checkZip:
    'The signature: README.txt in the ZIP says how to verify manifest.json with openssl. Compare the public key with the one that you were given by another way.',
  formats: 'Files',
  formatsText:
    'Each export is recorded. The first four come back by the import of boundaries as they are; it knows their columns.',
  back: 'Read back: {{what}}',
  backSame: 'the same plan, with the same digest',
  backTable: 'which unit belongs to which',
  use: {
    geojson: 'For maps on the web and programs; says which plan it is',
    gpkg: 'For QGIS, ArcGIS and other desktop programs; the first choice',
    shp: 'For older systems that know nothing else; texts of at most 254 bytes',
    kml: 'To look at in globes and on phones',
    csv: 'The list of units for any spreadsheet, with Chinese headings',
    xlsx: 'The list of units for Excel and WPS, with a sheet of notes',
  },
  households: 'Households by unit',
  householdsText: 'Which unit the plan gives each household to: numbers and codes, no address and no name.',
};

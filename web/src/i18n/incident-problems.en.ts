// What is said of questions about incidents that cannot be answered, in English.
import type { incidentProblems as problemsZh } from './incident-problems.zh';

/** What the problems of an analysis say. */
export const incidentProblems: typeof problemsZh = {
  incident_export_large: 'A file holds at most 200,000 incidents; choose a unit, a category or fewer days',
  analysis_period: 'The period must end after it begins and be no longer than five years',
  analysis_coarse:
    'Without the right to see single places here, choose one whole week, month, quarter or year that is over, all categories or a large class, and cells of resolution 7 to 9',
  analysis_steps:
    'Without the right to see single places here, a trend runs over whole weeks or months that are over',
  analysis_cells: 'These are too many cells: choose larger ones or a smaller scope',
  analysis_households: 'Households of single cells are not published here: look at numbers instead of rates',
};

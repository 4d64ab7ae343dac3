// The words of the page about incidents in English.
import type { incidents as incidentsZh } from './incidents.zh';

export const incidents: typeof incidentsZh = {
  title: 'Incidents analysed',
  lead: 'Where incidents happen, how many per 100 households, when, and where they lie together by more than chance. Never why.',
  choose: 'Choose the time and the scope',
  period: 'Period',
  span: { title: 'Length of the period', week: 'Week', month: 'Month', quarter: 'Quarter', year: 'Year' },
  category: 'Category',
  allCategories: 'All categories',
  otherWords: 'Words of other systems',
  date: 'Grids as of',
  hidden: 'hidden',
  all: '{{all}} in all.',
  exact: 'The numbers are exact: your posts show single places here.',
  rounded:
    'Numbers are rounded at random to multiples of {{step}} and off by {{off}} at most; small ones and none are hidden.',
  few: 'Fewer than {{sample}}: no rates and no ranks.',
  notEnough: 'Too few incidents',
  everywhere: 'Everywhere',
  showAll: 'Show everywhere',
  times: 'Times and categories',
  map: 'Map of incidents',
  legend: 'Legend',
  resolution: 'Size of cells',
  size: 'Cells of {{size}} km²',
  shown: { title: 'The map shows', units: 'Grids', cells: 'H3 cells', spots: 'Hot spots' },
  measure: { title: 'Coloured by', rate: 'Per 100 households', count: 'Number' },
  unitOf: {
    rate: 'Incidents of the period per 100 households; households in force on the day of the grids.',
    count: 'Incidents of the period, not divided by households.',
  },
  classMethod: 'Each class has about as many places (quantiles).',
  without: 'too few, or hidden',
  withoutCount: 'none, or hidden',
  noRates:
    'No place has {{sample}} incidents and {{sample}} households, so there are no rates. Choose a longer period, a higher level or larger cells.',
  noCounts: 'No incidents that could be shown',
  noUnits: 'There are no grids of this level where you may count',
  trend: { week: 'Incidents by week', month: 'Incidents by month' },
  trendLabel: 'Incidents from {{from}} to {{to}}, {{most}} in the highest step',
  matrix: 'Hour and weekday of the report',
  matrixLabel: 'Incidents by hour and weekday, most on {{day}} from {{hour}}:00 on: {{n}}',
  byCategory: 'By category',
  export: 'Export CSV',
  file: {
    units: 'Numbers and rates of grids',
    cells: 'Numbers of cells',
    trend: 'Trend',
    matrix: 'Hours and weekdays',
    hotspots: 'Hot spots',
  },
  column: {
    name: 'Grid',
    rank: 'Rank',
    incidents: 'Incidents',
    households: 'Households',
    rate: 'Per 100 households (95 % limits)',
    median: 'Median days to closing',
  },
  tableHint:
    'Ranked by incidents per 100 households; not ranked below {{sample}} incidents or {{sample}} households. Where limits overlap, the order may be chance. Press a name to see it alone on the map and in the charts.',
  spots: {
    'hot-01': 'hot (1 % false)',
    'hot-05': 'hot (5 % false)',
    'cold-05': 'cold (5 % false)',
    'cold-01': 'cold (1 % false)',
    none: 'No hot and no cold spots: where incidents lie does not differ reliably from chance.',
    notEnough:
      'Too little for a judgement: it takes {{sample}} incidents (there are {{incidents}}) and {{least}} cells (there are {{cells}}). Choose a longer period or smaller cells.',
    meaning:
      'At a hot spot a cell and those around it together have more incidents than chance would give (Gi* at {{cells}} cells, corrected by Benjamini and Hochberg). It does not say why, nor whose fault it is.',
    by: {
      count: 'By number, places with many people are hot by themselves: look at “per 100 households” too.',
      rate: 'Only cells with at least {{sample}} households are tested.',
    },
  },
};

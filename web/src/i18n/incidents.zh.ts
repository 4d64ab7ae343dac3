// 事件分析页面的中文用语。
export const incidents = {
  title: '事件分析',
  lead: '事件发生在哪里、每百户多少、什么时候，以及哪里聚集得不像偶然。只说哪里，不说为什么。',
  choose: '选择时间和范围',
  period: '时间段',
  span: { title: '时间段的长短', week: '周', month: '月', quarter: '季度', year: '年' },
  category: '类别',
  allCategories: '全部类别',
  otherWords: '其他系统的用语',
  date: '按哪一天的网格',
  hidden: '不显示',
  all: '共 {{all}} 件。',
  exact: '数字是准确的：您的岗位可以查看这里的具体位置。',
  rounded: '数字随机取整到 {{step}} 的倍数，误差不超过 {{off}}；太少的和没有的都不显示。',
  few: '不足 {{sample}} 件，不计算比率、不排名。',
  notEnough: '事件太少',
  everywhere: '全部范围',
  showAll: '显示全部范围',
  times: '时间与类别',
  map: '事件地图',
  legend: '图例',
  resolution: '单元大小',
  size: '单元约 {{size}} 平方公里',
  shown: { title: '地图显示', units: '网格', cells: 'H3 单元', spots: '热点' },
  measure: { title: '按什么着色', rate: '每百户', count: '件数' },
  unitOf: {
    rate: '所选时间段内每 100 户的事件数；户数为所选日期在册的户。',
    count: '所选时间段内的事件数，没有除以户数。',
  },
  classMethod: '各级包含的地方大致一样多（分位数）。',
  without: '样本不足或不显示',
  withoutCount: '没有或不显示',
  noRates:
    '没有一处达到 {{sample}} 件和 {{sample}} 户，不计算比率。可选更长的时间段、更高的层级或更大的单元。',
  noCounts: '没有可显示的事件',
  noUnits: '您可以统计的范围内没有这一层级的网格',
  trend: { week: '每周事件', month: '每月事件' },
  trendLabel: '从 {{from}} 到 {{to}} 的事件数，最多的一段有 {{most}} 件',
  matrix: '上报的钟点和星期',
  matrixLabel: '按钟点和星期的事件数，最多在{{day}} {{hour}} 点起：{{n}} 件',
  byCategory: '按类别',
  export: '导出 CSV',
  file: {
    units: '网格的件数与比率',
    cells: '单元的件数',
    trend: '趋势',
    matrix: '钟点与星期',
    hotspots: '热点',
  },
  column: {
    name: '网格',
    rank: '名次',
    incidents: '件数',
    households: '户数',
    rate: '每百户（95% 区间）',
    median: '结案天数（中位）',
  },
  tableHint:
    '名次按每百户的事件数，不足 {{sample}} 件或 {{sample}} 户的不排。区间重叠的两个网格，先后可能只是偶然。点名称可在地图和图表中只看这一个。',
  spots: {
    'hot-01': '热点（误报率 1%）',
    'hot-05': '热点（误报率 5%）',
    'cold-05': '冷点（误报率 5%）',
    'cold-01': '冷点（误报率 1%）',
    none: '没有热点，也没有冷点：事件的分布与偶然没有可靠的差别。',
    notEnough:
      '事件或单元太少，不作判断：需要至少 {{sample}} 件（现有 {{incidents}}）和 {{least}} 个单元（现有 {{cells}}）。可选更长的时间段或更小的单元。',
    meaning:
      '热点是一个单元连同周围单元的事件合起来多得不像偶然（Gi*，检验了 {{cells}} 个单元，已按 Benjamini–Hochberg 校正）。它不说明原因，也不说明谁有责任。',
    by: {
      count: '按件数时，人多的地方自然更热；请再看“每百户”。',
      rate: '只检验至少有 {{sample}} 户的单元。',
    },
  },
};

/** 事件分析的问题说明。 */
export const incidentProblems = {
  analysis_period: '时间段的结束须晚于开始，且不超过五年',
  analysis_coarse:
    '在看不到具体位置的范围内，请选一个已结束的完整的周、月、季度或年，全部类别或大类，以及 7 至 9 级的单元',
  analysis_steps: '在看不到具体位置的范围内，趋势只按已结束的完整的周或月',
  analysis_cells: '单元太多，请选更大的单元或更小的范围',
  analysis_households: '这里不公布各单元的户数，请改看件数',
};

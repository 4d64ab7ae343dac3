// 事件分析的问题说明。

export const incidentProblems = {
  incident_export_large: '一个文件最多 20 万件，请选网格、类别或缩短时间',
  analysis_period: '时间段的结束须晚于开始，且不超过五年',
  analysis_coarse:
    '在看不到具体位置的范围内，请选一个已结束的完整的周、月、季度或年，全部类别或大类，以及 7 至 9 级的单元',
  analysis_steps: '在看不到具体位置的范围内，趋势只按已结束的完整的周或月',
  analysis_cells: '单元太多，请选更大的单元或更小的范围',
  analysis_households: '这里不公布各单元的户数，请改看件数',
};

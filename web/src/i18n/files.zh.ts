// The words of a plan's files in Chinese: the dossier and the formats.

export const files = {
  dossier: '方案卷宗',
  dossierText:
    '一份 PDF：总图与各上级单元的图幅（图例、比例尺、指北、生效日期），各单元前后对比、决定、沿革、规则与豁免、意见，每页页脚有方案摘要。ZIP 另含边界、各表和签名清单。',
  onlyAdopted: '方案通过后才有卷宗；草案可导出为下列文件。',
  noExport: '您的岗位不能导出文件。',
  makePdf: '制作 PDF 卷宗',
  makeZip: '制作 ZIP 卷宗（含签名）',
  made: '已制作的卷宗',
  none: '还没有制作过卷宗',
  noneHint: '制作在后台进行，可以离开本页；文件保留一天。',
  download: '下载 {{name}}（{{size}}）',
  keptUntil: '保留到 {{time}}',
  gone: '文件已过保留期，请重新制作；方案未变则内容完全相同',
  sha: '文件的 SHA-256',
  digest: '方案摘要',
  check: '如何核验',
  checkFile:
    '文件：运行 sha256sum {{name}}，结果应与上面的 SHA-256 相同。同一方案重新制作，得到的文件逐字节相同。',
  checkPlan:
    '方案：卷宗每页页脚与 GeoJSON、GeoPackage 的说明里都有方案摘要，应与本页相同；算法见《交换格式》文档，附有不依赖本软件的程序。',
  checkZip: '签名：ZIP 内的 README.txt 写明如何用 openssl 核验 manifest.json；公钥应与另行取得的一致。',
  formats: '文件格式',
  formatsText: '每次导出都会记入日志。前四种可以在“导入边界”中原样读回，字段会自动对应。',
  back: '读回：{{what}}',
  backSame: '得到同一方案，摘要相同',
  backTable: '单元归属',
  use: {
    geojson: '网页地图和程序；含方案说明',
    gpkg: 'QGIS、ArcGIS 等桌面软件，首选',
    shp: '只认 Shapefile 的旧系统；文字最长 254 字节',
    kml: '在地球软件和手机地图里查看',
    csv: '单元名册，任何表格软件；中文表头',
    xlsx: '单元名册，Excel 与 WPS；附说明页',
  },
  households: '住户归属表',
  householdsText: '每户按方案归入哪个单元：只有编号和代码，没有地址和姓名。',
};

// The words of the officer's page in Chinese.

export const patrol = {
  title: '网格巡查',
  screens: '各屏',
  screen: { map: '地图', me: '我的' },
  map: '巡查地图',
  follow: '回到我的位置并跟随',
  seeking: {
    asking: '正在定位…',
    denied: '浏览器未获准使用定位。请在系统和浏览器的设置中允许本站定位，再重试。',
    unavailable: '暂时收不到定位信号，收到后会自动继续。',
    insecure: '此地址未加密（HTTP），浏览器不提供定位。请改用 HTTPS 地址。',
  },
  account: '账号',
  signIn: {
    unasked: '现在连不上服务器；记录留在本机。',
    holds: '已登录',
    ended: '登录已失效，请重新登录。本机的记录不受影响。',
  },
  leave: '退出登录',
  noAnswer: '服务器没有应答，请在有信号的地方再试。',
  look: '显示',
  language: '语言',
  desk: '打开桌面版',
  broken: '已记录在本机的内容没有受影响。请重新载入；如果再次出现，请把下面的文字交给维护人员。',
};

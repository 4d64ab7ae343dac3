// Runs before the program, in browsers of any age (so it is written in an old
// style): sets the theme and language without a flash, and says so when the
// browser is too old for the map.
(function () {
  var params = /[?&]theme=(light|dark|system)/.exec(location.search);
  var stored = null;
  var lang = /[?&]lang=(zh|en)/.exec(location.search);
  var storedLang = null;
  try {
    stored = localStorage.getItem('wangge.theme');
    storedLang = localStorage.getItem('wangge.lang');
  } catch (e) {
    // Storage is blocked: defaults hold.
  }
  var theme = (params && params[1]) || stored || 'system';
  if (theme !== 'light' && theme !== 'dark') {
    theme = window.matchMedia && matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  var root = document.documentElement;
  root.setAttribute('data-theme', theme);
  var wanted = (lang && lang[1]) || storedLang || (/^zh/i.test(navigator.language || 'zh') ? 'zh' : 'en');
  root.setAttribute('lang', wanted === 'en' ? 'en' : 'zh-CN');

  var canvas = document.createElement('canvas');
  var missing = [];
  var hasWebGL2 = false;
  try {
    var gl = window.WebGL2RenderingContext && canvas.getContext('webgl2');
    hasWebGL2 = !!gl;
    var lose = gl && gl.getExtension('WEBGL_lose_context');
    if (lose) lose.loseContext();
  } catch (e) {
    hasWebGL2 = false;
  }
  if (!hasWebGL2) missing.push('WebGL 2');
  if (!('noModule' in document.createElement('script'))) missing.push('ES modules');
  if (!window.ResizeObserver || !window.AbortController || !Array.prototype.at) missing.push('ES2022');
  if (missing.length === 0) return;

  window.wanggeUnsupported = missing;
  document.addEventListener('DOMContentLoaded', function () {
    var note = document.createElement('div');
    note.className = 'boot-notice';
    note.setAttribute('role', 'alert');
    var zh = document.createElement('p');
    zh.textContent =
      '此浏览器无法显示地图,缺少:' +
      missing.join('、') +
      '。请使用 Chrome / Edge 94、Firefox 114、Safari 16.4 或更新的版本,并开启硬件加速。';
    var en = document.createElement('p');
    en.textContent =
      'This browser cannot draw the map. It lacks: ' +
      missing.join(', ') +
      '. Please use Chrome or Edge 94, Firefox 114, Safari 16.4 or newer, with hardware acceleration switched on.';
    note.appendChild(zh);
    note.appendChild(en);
    var rootElement = document.getElementById('root');
    rootElement.textContent = '';
    rootElement.appendChild(note);
  });
})();

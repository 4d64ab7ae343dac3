// The fonts of the page and of the map: names of common systems, none is sent.

export const FONT =
  '"Inter", system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';
/** The fonts MapLibre draws Chinese with; names of common systems. */
export const MAP_FONT = '"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif';

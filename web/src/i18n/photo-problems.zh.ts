// What is said of photos of incidents in Chinese.

export const photoProblems = {
  photo_unknown: '没有这张照片，或您无权查看',
  photo_piece: '照片分片为空或超出照片长度',
  photo_piece_too_large: '每个分片不超过 512 KB',
  photo_too_large: '一张照片不超过 5 MB',
  photo_length: '该编号的照片原先声明的长度不同，请换一个编号',
  photo_offset: '分片位置不对，请从服务器给出的位置继续',
  photo_digest_malformed: '最后一个分片须附 SHA-256 摘要',
  photo_digest: '收到的照片与发出的不一致，已丢弃，请从头再传',
  photo_exists: '该编号下已有另一张照片，请换一个编号',
  photo_daily: '今天上传的照片已满 1 GB，其余请明天再传',
  resident_photos: '一次上报最多三张照片',
  resident_photo_closed: '这件事已办结，不再接收照片。如果问题还在，请重新上报',
  resident_photo_too_large: '居民上报的照片每张不超过 2 MB',
  resident_photo_daily: '今天居民照片已收满，上报照样有效，照片请明天再发',
  photo_areas: '遮盖区域须在照片之内，最多 100 处',
  photo_uncovered: '请查看照片，标出所有人脸和车牌，并确认已全部遮盖',
  photo_private: '事件不公开，其照片也不能公开',
  photo_loose: '照片不属于任何事件，不能公开',
  incident_photos: '一次上报最多九张照片，编号不能重复',
  incident_photo_used: '其中有照片已属于另一次上报',
};

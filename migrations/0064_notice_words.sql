-- +goose Up
-- The first notices had commas of another script, and the one on tracks named the page of the
-- desk only. Who agreed to one agreed to its words: those stay as they were.
UPDATE notice_version v SET
    text_zh = replace(translate(text_zh, ',:;', '，：；'), '“我的账号”', '手机上的“我的”或电脑上的“我的账号”'),
    text_en = replace(text_en, 'in My account', 'in Me on the phone or My account on the desk')
WHERE published_by = 'system' AND version = 1
  AND NOT EXISTS (SELECT FROM consent c WHERE c.notice = v.notice AND c.version = v.version);

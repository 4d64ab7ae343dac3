-- +goose Up

-- Chinese text has full-width punctuation. (Notices keep their words: versions of them
-- may have been agreed to.)
UPDATE walk_standard  SET title_zh = translate(title_zh, ':', '：');
UPDATE retention_rule SET title_zh = translate(title_zh, '()', '（）'), basis_zh = translate(basis_zh, ':;,', '：；，');
UPDATE post_kind      SET purpose_zh = translate(purpose_zh, ':;,', '：；，');

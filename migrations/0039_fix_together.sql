-- +goose Up

-- The engine keeps the fixes of many phones together.
DROP FUNCTION keep_fixes(bigint, integer, date[], timestamptz[], timestamptz[], integer[], integer[], real[], smallint[]);

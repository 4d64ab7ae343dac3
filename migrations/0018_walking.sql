-- +goose Up

-- The walking network of an import: made from its streets in the same transaction,
-- as package walk writes it, in parts of a megabyte. It is open data like the map.
-- walking says what it is: digest of the bytes, nodes, edges, pieces, kilometres,
-- and which streets were left out; null where an import was made before there were
-- walking networks, and then it is built when it is first asked for.
ALTER TABLE network_import ADD COLUMN walking jsonb;

CREATE TABLE walking_network (
    import_id bigint NOT NULL REFERENCES network_import ON DELETE CASCADE,
    part      integer NOT NULL,
    bytes     bytea NOT NULL,
    PRIMARY KEY (import_id, part)
);
ALTER TABLE walking_network ALTER COLUMN bytes SET STORAGE EXTERNAL; -- packed tightly already

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON walking_network TO wangge_engine;
GRANT SELECT ON walking_network TO wangge_app, wangge_reader;
ALTER TABLE walking_network ENABLE ROW LEVEL SECURITY;
CREATE POLICY engine ON walking_network TO wangge_engine USING (true) WITH CHECK (true);
CREATE POLICY reader ON walking_network FOR SELECT TO wangge_reader USING (true);
SELECT wall('walking_network', 'select', 'true');

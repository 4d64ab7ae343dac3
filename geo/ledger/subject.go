package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Subject is one of the ledgers: its tables and how its things are numbered.
type Subject struct {
	Name   string // as in layer_change and audit
	table  string
	owners string // dated rows that say which unit is responsible
	key    string // the owners' column that points at table
	idType string // bigint or uuid
	open   string // SQL: t is not closed
	// counted begins with AND: what else t has to be to be in a count.
	counted string
	// place is where somebody has to be responsible, in SQL; NULL is nowhere.
	// Things that match settled keep the unit that has them.
	place, settled string
	// secondary are the constraints and indexes of table and owners, those that
	// others stand on last. A first load drops them in this order and builds them
	// at its end in the other.
	secondary []index
}

// index is how one index or unique constraint is dropped and made again.
type index struct{ drop, create string }

// The three ledgers.
var (
	Households = Subject{
		Name: "household", table: "household", owners: "household_unit", key: "household_id",
		idType: "bigint", open: "t.closed_on IS NULL",
		place: "CASE WHEN t.closed_on IS NULL THEN t.point END", settled: "false",
		secondary: []index{
			{`ALTER TABLE household DROP CONSTRAINT household_merged_into_fkey`,
				`ALTER TABLE household ADD CONSTRAINT household_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES household`},
			{`ALTER TABLE household DROP CONSTRAINT household_pkey`,
				`ALTER TABLE household ADD CONSTRAINT household_pkey PRIMARY KEY (id)`},
			{`ALTER TABLE household DROP CONSTRAINT household_source_is_unique`,
				`ALTER TABLE household ADD CONSTRAINT household_source_is_unique UNIQUE (source, source_id)`},
			{`DROP INDEX household_cell`, `CREATE INDEX household_cell ON household (cell)`},
			{`DROP INDEX household_point`, `CREATE INDEX household_point ON household USING gist (point)`},
			{`DROP INDEX household_unplaced`,
				`CREATE INDEX household_unplaced ON household (id) WHERE point IS NULL AND closed_on IS NULL`},
			{`DROP INDEX household_address`,
				`CREATE INDEX household_address ON household (compound, building, stairwell, doorplate)`},
			{`ALTER TABLE household_unit DROP CONSTRAINT household_unit_pkey`,
				`ALTER TABLE household_unit ADD CONSTRAINT household_unit_pkey PRIMARY KEY (household_id, valid_from)`},
			{`DROP INDEX household_unit_in_force`,
				`CREATE INDEX household_unit_in_force ON household_unit (unit_id) WHERE valid_to IS NULL`},
		},
	}
	Incidents = Subject{
		Name: "incident", table: "incident", owners: "incident_unit", key: "incident_id",
		idType: "uuid", open: "t.closed_at IS NULL", counted: " AND NOT t.private",
		// A closed incident stays with the unit that had it.
		place: "t.point", settled: "t.closed_at IS NOT NULL",
		secondary: []index{
			{`ALTER TABLE incident DROP CONSTRAINT incident_pkey`,
				`ALTER TABLE incident ADD CONSTRAINT incident_pkey PRIMARY KEY (id)`},
			{`ALTER TABLE incident DROP CONSTRAINT incident_source_is_unique`,
				`ALTER TABLE incident ADD CONSTRAINT incident_source_is_unique UNIQUE (source, source_id)`},
			{`DROP INDEX incident_public_number`, `CREATE INDEX incident_public_number ON incident (public_number(id))`},
			{`DROP INDEX incident_cell`, `CREATE INDEX incident_cell ON incident (cell)`},
			{`DROP INDEX incident_point`, `CREATE INDEX incident_point ON incident USING gist (point)`},
			{`DROP INDEX incident_reported`, `CREATE INDEX incident_reported ON incident (reported_at DESC, id DESC)`},
			{`ALTER TABLE incident_unit DROP CONSTRAINT incident_unit_pkey`,
				`ALTER TABLE incident_unit ADD CONSTRAINT incident_unit_pkey PRIMARY KEY (incident_id, valid_from)`},
			{`DROP INDEX incident_unit_in_force`,
				`CREATE INDEX incident_unit_in_force ON incident_unit (unit_id) WHERE valid_to IS NULL`},
		},
	}
	ServicePoints = Subject{
		Name: "service-point", table: "service_point", owners: "service_point_unit", key: "service_point_id",
		idType: "bigint",
		open: `NOT EXISTS (SELECT FROM service_point_state l WHERE l.service_point_id = t.id AND l.state = 'closed'
			AND l.valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date AND l.valid_to IS NULL)`,
		place: "t.point", settled: "false",
	}
)

// id is the key of a thing: eight bytes for a bigint, sixteen for a uuid, in the
// byte order of the database's binary format.
type id [16]byte

func (s Subject) idBytes() int {
	if s.idType == "uuid" {
		return 16
	}
	return 8
}

// reserve returns n ids that nobody else gets.
func (s Subject) reserve(ctx context.Context, tx pgx.Tx, n int) ([]id, error) {
	if s.idType == "uuid" {
		return newUUIDs(n)
	}
	rows, err := tx.Query(ctx, `
		SELECT nextval(q.s)
		FROM (SELECT pg_get_serial_sequence($1, 'id')::regclass AS s OFFSET 0) q, generate_series(1, $2::int)`, s.table, n)
	if err != nil {
		return nil, fmt.Errorf("reserve ids of %s: %w", s.Name, err)
	}
	defer rows.Close()
	ids := make([]id, 0, n)
	for rows.Next() {
		var next id
		copy(next[:], rows.RawValues()[0])
		ids = append(ids, next)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reserve ids of %s: %w", s.Name, err)
	}
	return ids, nil
}

func newUUIDs(n int) ([]id, error) {
	ids := make([]id, n)
	for i := range ids {
		next, err := uuid.NewV7() // in the order of time, which the index likes
		if err != nil {
			return nil, fmt.Errorf("reserve ids: %w", err)
		}
		ids[i] = id(next)
	}
	return ids, nil
}

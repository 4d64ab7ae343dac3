package ledger

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"

	"wangge/geo"
	"wangge/geo/cell"
	"wangge/geo/grid"
	"wangge/geo/locate"
)

// Moved counts what changed hands.
type Moved struct {
	Households    int `json:"households"`
	Incidents     int `json:"incidents"`
	ServicePoints int `json:"service_points"`
}

// Reassign writes who is responsible from day on, by the boundaries in index,
// for every open household, incident and service point within the changed boxes
// (none: everywhere). Only what changes hands is written. The caller publishes:
// it keeps others out with grid.ChangeBoundaries and raises the layers.
func Reassign(ctx context.Context, tx pgx.Tx, day geo.Day, index *locate.Index, changed ...geo.Bound) (Moved, error) {
	var m Moved
	for _, s := range []struct {
		subject Subject
		moved   *int
	}{{Households, &m.Households}, {Incidents, &m.Incidents}, {ServicePoints, &m.ServicePoints}} {
		var err error
		if *s.moved, err = s.subject.reassign(ctx, tx, day, index, changed); err != nil {
			return Moved{}, err
		}
	}
	return m, nil
}

// Preview counts what Reassign would move, and writes nothing.
func Preview(ctx context.Context, tx pgx.Tx, index *locate.Index, changed geo.Bound) (Moved, error) {
	var m Moved
	for _, s := range []struct {
		subject Subject
		moved   *int
	}{{Households, &m.Households}, {Incidents, &m.Incidents}, {ServicePoints, &m.ServicePoints}} {
		list, err := s.subject.decide(ctx, tx, index, "t.point && $1", orb.Bound{Min: changed.Min.Degrees(), Max: changed.Max.Degrees()})
		if err == nil {
			err = s.subject.readOwners(ctx, tx, list)
		}
		if err != nil {
			return Moved{}, fmt.Errorf("preview %s: %w", s.subject.Name, err)
		}
		for _, d := range list {
			if d.moves() {
				*s.moved++
			}
		}
	}
	return m, nil
}

func (s Subject) reassign(ctx context.Context, tx pgx.Tx, day geo.Day, index *locate.Index, changed []geo.Bound) (int, error) {
	if len(changed) == 0 {
		return s.sweep(ctx, tx, day, index, "true")
	}
	moved := 0
	for _, box := range changed {
		n, err := s.sweep(ctx, tx, day, index, "t.point && $1", orb.Bound{Min: box.Min.Degrees(), Max: box.Max.Degrees()})
		if err != nil {
			return 0, err
		}
		moved += n
	}
	return moved, nil
}

// Assign writes who is responsible from today on for the things with these ids
// ([]int64 or []uuid.UUID), after they were added, moved, reopened or closed in
// tx. It asks unit_at, the rule in SQL: for a few things that costs less than an
// index of all units.
func (s Subject) Assign(ctx context.Context, tx pgx.Tx, ids any) error {
	if err := grid.HoldBoundaries(ctx, tx); err != nil {
		return err
	}
	today := grid.Today()
	rows, err := tx.Query(ctx, `
		SELECT t.id, unit_at(`+s.place+`, $2), o.unit_id
		FROM `+s.table+` t
		LEFT JOIN `+s.owners+` o ON o.`+s.key+` = t.id AND o.valid_to IS NULL
		WHERE t.id = ANY($1) AND NOT (`+s.settled+` AND o.unit_id IS NOT NULL)`, ids, today)
	if err != nil {
		return fmt.Errorf("assign %s: %w", s.Name, err)
	}
	moves, err := collectMoves(rows, func(raw []byte) (int64, error) { return number(raw), nil })
	if err != nil {
		return fmt.Errorf("assign %s: %w", s.Name, err)
	}
	return s.write(ctx, tx, today, moves)
}

// move is a thing whose unit becomes another one; unit 0 is nobody.
type move struct {
	id    id
	unit  int64
	fresh bool // nobody was responsible before
}

// assign decides for the things that where selects. The condition is a constant
// of this package.
func (s Subject) assign(ctx context.Context, tx pgx.Tx, day geo.Day, index *locate.Index, where string, args ...any) (int, error) {
	moves, err := s.compare(ctx, tx, index, where, args...)
	if err != nil {
		return 0, fmt.Errorf("assign %s: %w", s.Name, err)
	}
	if err := s.write(ctx, tx, day, moves); err != nil {
		return 0, fmt.Errorf("assign %s: %w", s.Name, err)
	}
	return len(moves), nil
}

// sweep is assign for many things. It reads places and owners apart: a join of
// two tables of a million rows costs the database twice as much as reading both.
func (s Subject) sweep(ctx context.Context, tx pgx.Tx, day geo.Day, index *locate.Index, where string, args ...any) (int, error) {
	list, err := s.decide(ctx, tx, index, where, args...)
	if err != nil {
		return 0, fmt.Errorf("assign %s: %w", s.Name, err)
	}
	if err := s.readOwners(ctx, tx, list); err != nil {
		return 0, fmt.Errorf("assign %s: %w", s.Name, err)
	}
	var moves []move
	for _, d := range list {
		if d.moves() {
			moves = append(moves, move{id: d.id, unit: d.unit, fresh: d.owner == 0})
		}
	}
	if err := s.write(ctx, tx, day, moves); err != nil {
		return 0, fmt.Errorf("assign %s: %w", s.Name, err)
	}
	return len(moves), nil
}

// decision is who should be responsible for a thing and who is; 0 is nobody.
type decision struct {
	id          id
	unit, owner int64
	settled     bool
}

// moves reports whether somebody else is responsible from now on: what is settled stays
// with whoever had it.
func (d decision) moves() bool { return d.unit != d.owner && !(d.settled && d.owner != 0) }

// decide reads the places of the things that where selects, in order of their
// ids, and finds their units.
func (s Subject) decide(ctx context.Context, tx pgx.Tx, index *locate.Index, where string, args ...any) ([]decision, error) {
	find := finder(index)
	rows, err := tx.Query(ctx, `SELECT t.id, `+s.place+`, `+s.settled+` FROM `+s.table+` t WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []decision
	for rows.Next() {
		raw := rows.RawValues()
		d := decision{settled: raw[2][0] == 1}
		copy(d.id[:], raw[0])
		if d.unit, err = find(raw[1]); err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b decision) int { return bytes.Compare(a.id[:], b.id[:]) })
	return list, rows.Err()
}

// manyOwners is from how many things on it costs less to read all owners in
// force than to look up those of the things, one by one.
const manyOwners = 50_000

// readOwners fills in who is responsible now. Rows usually come in order of their
// ids too, so that the next one is mostly where the last one ended.
func (s Subject) readOwners(ctx context.Context, tx pgx.Tx, list []decision) error {
	if len(list) == 0 {
		return nil
	}
	sql, args := `SELECT `+s.key+`, unit_id FROM `+s.owners+` WHERE valid_to IS NULL`, []any(nil)
	if len(list) < manyOwners {
		moves := make([]move, len(list))
		for i, d := range list {
			moves[i].id = d.id
		}
		ids, _ := s.columns(moves)
		sql, args = sql+` AND `+s.key+` = ANY ($1)`, []any{ids}
	}
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	next := 0
	for rows.Next() {
		raw := rows.RawValues()
		var thing id
		copy(thing[:], raw[0])
		at, known := next, next < len(list) && list[next].id == thing
		if !known {
			at, known = slices.BinarySearchFunc(list, thing, func(d decision, thing id) int { return bytes.Compare(d.id[:], thing[:]) })
		}
		if known {
			list[at].owner = number(raw[1])
			next = at + 1
		}
	}
	return rows.Err()
}

// finder finds the unit of a place as the database sends it; NULL is nowhere.
func finder(index *locate.Index) func([]byte) (int64, error) {
	units := make([]int64, index.Len())
	for i := range units {
		units[i] = index.Unit(i).ID
	}
	return func(raw []byte) (int64, error) {
		if raw == nil {
			return 0, nil
		}
		at, err := readPoint(raw)
		if err != nil {
			return 0, err
		}
		if i, ok := index.Find(at); ok {
			return units[i], nil
		}
		return 0, nil
	}
}

// compare reads positions and present owners and returns the differences. What
// is closed or has no place belongs to nobody.
func (s Subject) compare(ctx context.Context, tx pgx.Tx, index *locate.Index, where string, args ...any) ([]move, error) {
	rows, err := tx.Query(ctx, `
		SELECT t.id, `+s.place+`, o.unit_id
		FROM `+s.table+` t
		LEFT JOIN `+s.owners+` o ON o.`+s.key+` = t.id AND o.valid_to IS NULL
		WHERE NOT (`+s.settled+` AND o.unit_id IS NOT NULL) AND `+where, args...)
	if err != nil {
		return nil, err
	}
	return collectMoves(rows, finder(index))
}

// collectMoves reads rows of id, what decides, and present owner, and keeps
// those whose owner changes. It reads the bytes as they come: a million rows
// are usual.
func collectMoves(rows pgx.Rows, decide func([]byte) (int64, error)) ([]move, error) {
	defer rows.Close()
	var moves []move
	for rows.Next() {
		raw := rows.RawValues()
		unit, err := decide(raw[1])
		if err != nil {
			return nil, err
		}
		if unit == number(raw[2]) {
			continue
		}
		m := move{unit: unit, fresh: raw[2] == nil}
		copy(m.id[:], raw[0])
		moves = append(moves, m)
	}
	return moves, rows.Err()
}

// number reads a bigint; NULL is 0, which no unit has.
func number(raw []byte) int64 {
	if raw == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw))
}

// write closes the old rows of what moved and opens new ones from day on.
func (s Subject) write(ctx context.Context, tx pgx.Tx, day geo.Day, moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	// Rows that begin or end after day exist only when day lies in the past; then
	// even a thing that nobody has now may have had somebody.
	later := false
	if day.Before(grid.Today()) {
		if err := tx.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM `+s.owners+` WHERE valid_from > $1 OR valid_to > $1)`, day).Scan(&later); err != nil {
			return err
		}
	}
	rest, fresh := moves[:0:0], moves[:0:0]
	for _, m := range moves {
		if m.fresh && !later {
			fresh = append(fresh, m)
			continue
		}
		rest = append(rest, m)
	}
	if err := s.supersede(ctx, tx, day, rest); err != nil {
		return err
	}
	if len(fresh) <= fewMoves {
		return s.begin(ctx, tx, day, fresh)
	}
	stream := newCopyStream(0)
	for _, m := range fresh {
		s.appendOwner(stream, m.id, m.unit, day)
	}
	return stream.sendIfAny(ctx, tx, s.owners, s.ownerColumns())
}

// fewMoves is how many rows are inserted rather than copied: what people do by
// hand is behind row-level security, which does not let COPY through.
const fewMoves = 1000

// begin inserts a row for the unit of each move, if any.
func (s Subject) begin(ctx context.Context, tx pgx.Tx, day geo.Day, moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	ids, units := s.columns(moves)
	_, err := tx.Exec(ctx, `
		INSERT INTO `+s.owners+` (`+s.key+`, unit_id, valid_from)
		SELECT m.id, m.unit, $1 FROM unnest($2::`+s.idType+`[], $3::bigint[]) m (id, unit) WHERE m.unit <> 0`, day, ids, units)
	return err
}

func (s Subject) ownerColumns() []string {
	return []string{s.key, "unit_id", "valid_from", "valid_to"}
}

func (s Subject) appendOwner(c *copyStream, thing id, unit int64, day geo.Day) {
	t := c.begin()
	t.id(thing, s.idBytes())
	t.Int8(unit)
	t.Day(day)
	t.Null()
	c.end(t)
}

// supersede ends the rows in force at day, drops what began on it or later, and
// opens a row for the new unit, if any.
func (s Subject) supersede(ctx context.Context, tx pgx.Tx, day geo.Day, moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	ids, units := s.columns(moves)
	for _, sql := range []string{
		`DELETE FROM ` + s.owners + ` o USING unnest($2::` + s.idType + `[], $3::bigint[]) m (id, unit)
		 WHERE o.` + s.key + ` = m.id AND o.valid_from >= $1`,
		`UPDATE ` + s.owners + ` o SET valid_to = $1 FROM unnest($2::` + s.idType + `[], $3::bigint[]) m (id, unit)
		 WHERE o.` + s.key + ` = m.id AND (o.valid_to IS NULL OR o.valid_to > $1)`,
	} {
		if _, err := tx.Exec(ctx, sql, day, ids, units); err != nil {
			return err
		}
	}
	return s.begin(ctx, tx, day, moves)
}

// columns are the ids and units of moves as two arrays the database takes.
func (s Subject) columns(moves []move) (ids any, units []int64) {
	units = make([]int64, len(moves))
	if s.idType == "uuid" {
		list := make([]pgtype.UUID, len(moves))
		for i, m := range moves {
			list[i], units[i] = pgtype.UUID{Bytes: m.id, Valid: true}, m.unit
		}
		return list, units
	}
	list := make([]int64, len(moves))
	for i, m := range moves {
		list[i], units[i] = m.id.number(), m.unit
	}
	return list, units
}

func (v id) number() int64 { return number(v[:8]) }

// Raise tells the tiles what changed: these ids, or everything when they are
// many or nil.
func (s Subject) Raise(ctx context.Context, tx pgx.Tx, ids []string) error {
	if len(ids) > maxListed {
		ids = nil
	}
	if _, err := tx.Exec(ctx, `SELECT raise_layer($1, $2)`, s.Name, ids); err != nil {
		return fmt.Errorf("raise layer %s: %w", s.Name, err)
	}
	return nil
}

// CellOf is the H3 cell that is stored with a place; nil for none.
func CellOf(p *geo.Point) *int64 {
	if p == nil {
		return nil
	}
	c := int64(cell.At(*p))
	return &c
}

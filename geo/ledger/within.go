package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Within returns staff.ErrOutside unless each of the things lies in the actor's
// area for p: by the unit that is responsible for it, and where none can be, for it
// is unplaced or closed, by the area it belongs to. A thing with a place that no
// unit covers is outside of every area but the whole one; so is one that a request
// does not see (any more), such as a thing that was just moved elsewhere.
func (s Subject) Within(ctx context.Context, db pg.DB, actor staff.Actor, p staff.Permission, ids any) error {
	area := actor.Area(p)
	if area.All {
		return nil
	}
	var inside bool
	err := db.QueryRow(ctx, `
		SELECT count(*) = cardinality($1::`+s.idType+`[]) FROM `+s.table+` t LEFT JOIN `+s.owners+` o ON o.`+s.key+` = t.id AND o.valid_to IS NULL
		WHERE t.id = ANY ($1) AND in_area(coalesce(o.unit_id, CASE WHEN (`+s.place+`) IS NULL THEN t.area_id END), false, $2)`,
		ids, area.Roots).Scan(&inside)
	if err != nil {
		return fmt.Errorf("area of a %s: %w", s.Name, err)
	}
	if !inside {
		return staff.ErrOutside
	}
	return nil
}

// confine keeps an import within the importer's area: rows elsewhere are refused,
// and so is a source of which another area has rows, for it would change or close
// those.
func (im *importer) confine(ctx context.Context, tx pgx.Tx, actor staff.Actor) error {
	area := actor.Area(staff.Import)
	if area.All {
		return nil
	}
	if area.Empty() {
		return staff.ErrForbidden
	}
	s := im.book.Subject
	var foreign bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (
			SELECT FROM `+s.table+` t LEFT JOIN `+s.owners+` o ON o.`+s.key+` = t.id AND o.valid_to IS NULL
			WHERE t.source = $1 AND NOT in_area(coalesce(o.unit_id, t.area_id), false, $2))`, im.opts.Source, area.Roots).Scan(&foreign)
	if err != nil {
		return fmt.Errorf("area of %s: %w", s.Name, err)
	}
	if foreign {
		return ErrSourceTaken
	}
	above := make(map[int64]int64, len(im.list))
	for _, u := range im.list {
		above[u.ID] = u.ParentID
	}
	im.ours = make([]bool, len(im.units))
	for i, unit := range im.units {
		for step := 0; unit != 0 && step < 20 && !im.ours[i]; step++ {
			im.ours[i] = slices.Contains(area.Roots, unit)
			unit = above[unit]
		}
	}
	return nil
}

// claim notes for whose area the new rows were brought in: that decides about
// those that lie in no unit.
func (im *importer) claim(ctx context.Context, tx pgx.Tx, actor staff.Actor) error {
	home := actor.Area(staff.Import).Home()
	if home == nil {
		return nil
	}
	s := im.book.Subject
	if _, err := tx.Exec(ctx, `UPDATE `+s.table+` SET area_id = $2 WHERE source = $1 AND area_id IS NULL`, im.opts.Source, *home); err != nil {
		return fmt.Errorf("area of new %s: %w", s.Name, err)
	}
	return nil
}

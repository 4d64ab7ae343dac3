package post

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Named is a post as people call it.
type Named struct {
	Post     int64      `json:"post"`
	Kind     staff.Kind `json:"kind"`
	Ordinal  int        `json:"ordinal" doc:"among the posts of one kind in one unit"`
	TitleZh  string     `json:"title_zh"`
	TitleEn  string     `json:"title_en"`
	Unit     string     `json:"unit" doc:"code of the unit of the post; empty = the whole installation"`
	UnitName string     `json:"unit_name"`
}

// Candidate is a post that a duty in a unit can be given to, and how it is manned.
type Candidate struct {
	Named
	Present  bool   `json:"present" doc:"A is there, or B for A"`
	Backstop bool   `json:"backstop"`
	Steps    []Step `json:"steps" doc:"how its holders were found"`
}

// working are the kinds of posts that go and see to things.
var working = []staff.Kind{staff.Leader, staff.Worker, staff.PartTimeWorker, staff.Member, staff.BuildingHead, staff.DepartmentOfficer}

// Candidates are the posts that a duty in a unit can be given to: some first, in their
// order, then those that work in the unit and the units above it, the nearest first, then
// the backstop; each once. See Responsible for who may ask.
func Candidates(ctx context.Context, db pg.DB, first []int64, unit int64, at time.Time) ([]Candidate, error) {
	rows, _ := db.Query(ctx, `
		SELECT p.id FROM post p
		JOIN unit_ancestor a ON a.ancestor_id = p.unit_id AND a.unit_id = $1
		JOIN post_kind k ON k.code = p.kind
		WHERE p.kind = ANY ($2) AND p.valid_from <= $3 AND (p.valid_to IS NULL OR p.valid_to > $3)
		ORDER BY (SELECT count(*) FROM unit_ancestor up WHERE up.unit_id = p.unit_id) DESC, k.rank, p.ordinal, p.id
		LIMIT 200`, unit, working, geo.DayOf(at))
	near, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("posts for unit %d: %w", unit, err)
	}
	chain, err := holding(ctx, db, append(append([]int64{}, first...), near...), at)
	if err != nil {
		return nil, err
	}
	line, err := loadChains(ctx, db, []Question{{Unit: unit}}, at)
	if err != nil {
		return nil, err
	}
	list, known := []Candidate{}, map[int64]bool{}
	for _, p := range append(chain, line[0]...) {
		if p.Post != 0 && !known[p.Post] {
			known[p.Post] = true
			list = append(list, p.candidate(at))
		}
	}
	return list, nil
}

// candidate is a post with how it is manned at an instant.
func (p PostState) candidate(at time.Time) Candidate {
	duty := OnDuty([]PostState{p}, at)
	c := Candidate{Named: p.named(), Present: duty.Post == p.Post && !duty.Away, Backstop: p.Backstop}
	for _, s := range duty.Steps {
		if s.State != Operator { // that of the whole line, and not of this post
			c.Steps = append(c.Steps, s)
		}
	}
	return c
}

func (p PostState) named() Named {
	return Named{Post: p.Post, Kind: p.Kind, Ordinal: p.Ordinal, TitleZh: p.TitleZh, TitleEn: p.TitleEn, Unit: p.Unit, UnitName: p.UnitName}
}

// Names returns the posts of these ids that are in force at an instant, in their order.
func Names(ctx context.Context, db pg.DB, ids []int64, at time.Time) ([]Named, error) {
	found, err := holding(ctx, db, ids, at)
	if err != nil {
		return nil, err
	}
	list := make([]Named, len(found))
	for i, p := range found {
		list[i] = p.named()
	}
	return list, nil
}

package circle

import (
	"context"

	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Look narrows a list of uncovered households.
type Look struct {
	Column int
	Unit   string // code: the unit's and all units' below it; "" = all of the run
	After  string // Cursor of the last household of the page before
	Limit  int
}

// Cursor names the household's place in a list.
func (h Household) Cursor() string { return "" }

// Answers are what a run says of one household, by column.
type Answers struct {
	Household int64    `json:"household"`
	Unit      string   `json:"unit"`
	Columns   []Answer `json:"columns"`
}

func Uncovered(ctx context.Context, db pg.DB, actor staff.Actor, id int64, l Look) ([]Household, error) {
	return nil, nil
}

func HouseholdOf(ctx context.Context, db pg.DB, actor staff.Actor, id, household int64) (Answers, error) {
	return Answers{}, nil
}

package post

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Rule is what is wrong with the posts of a unit; the function vacancies of the
// database decides it.
type Rule string

// The rules.
const (
	Missing  Rule = "missing"   // fewer posts of a kind than the template asks for
	Excess   Rule = "excess"    // more of them, or a kind that does not belong to the level
	Unheld   Rule = "vacant"    // a post that nobody holds
	Acting   Rule = "acting"    // a post that only its B holds
	NoDeputy Rule = "no-deputy" // a post without the B that the template asks for
)

// Vacancy is one broken rule.
type Vacancy struct {
	Unit     string     `json:"unit" doc:"code; empty = the whole installation"`
	UnitName string     `json:"unit_name"`
	Level    string     `json:"level"`
	Kind     staff.Kind `json:"kind"`
	Rule     Rule       `json:"rule" enum:"missing,excess,vacant,acting,no-deputy"`
	Post     int64      `json:"post" doc:"0 for missing and excess"`
	Ordinal  int        `json:"ordinal"`
	Count    int        `json:"count" doc:"how many posts are missing or too many; 1 otherwise"`
	Since    geo.Day    `json:"since"`
	Answers  *Duty      `json:"answers" doc:"who answers meanwhile; null for excess and for posts of the whole installation"`

	unit int64
}

// Cursor names the vacancy for the page after it.
func (v Vacancy) Cursor() string {
	return strings.Join([]string{v.Unit, string(v.Kind), string(v.Rule), strconv.FormatInt(v.Post, 10)}, "/")
}

// VacancyFilter chooses vacancies. The zero filter means all.
type VacancyFilter struct {
	Unit   string // code: of the unit and all units below it
	Level  string
	Kind   staff.Kind
	Rule   Rule
	Cursor string // of the last vacancy of the page before
	Limit  int
}

// ErrVacancyCursor is a cursor that no list of vacancies gave.
var ErrVacancyCursor = fault.New(fault.Invalid, "cursor_malformed", "This cursor was not given by this list.")

// Vacancies returns what is wrong today with the posts in the actor's area for
// maps, by unit, kind and rule. Who answers meanwhile is filled in by AddAnswers.
func Vacancies(ctx context.Context, db pg.DB, actor staff.Actor, f VacancyFilter) ([]Vacancy, error) {
	unit, err := f.unit(ctx, db, actor)
	if err != nil {
		return nil, fmt.Errorf("vacancies: %w", err)
	}
	after := []string{"", "", "", "0"}
	if f.Cursor != "" {
		after = cutLast(f.Cursor)
	}
	if len(after) != 4 {
		return nil, ErrVacancyCursor
	}
	post, err := strconv.ParseInt(after[3], 10, 64)
	if err != nil {
		return nil, ErrVacancyCursor
	}
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT v.*, vacant_since($1, nullif(v.unit_id, 0), v.kind, v.rule, v.post_id)
		FROM (
			SELECT coalesce(v.unit_id, 0) AS unit_id, v.code, v.name, v.level, v.kind, v.rule, v.post_id, v.ordinal, v.count`+fromVacancies+`
			  AND ($8 = '' OR (v.code, v.kind, v.rule, v.post_id) > ($9, $10, $11, $12::bigint))
			ORDER BY v.code, v.kind, v.rule, v.post_id
			LIMIT nullif($13, 0)) v
		ORDER BY v.code, v.kind, v.rule, v.post_id`,
		grid.Today(), area.All, area.Roots, unit, f.Level, f.Kind, f.Rule, f.Cursor, after[0], after[1], after[2], post, f.Limit)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v Vacancy, err error) {
		err = row.Scan(&v.unit, &v.Unit, &v.UnitName, &v.Level, &v.Kind, &v.Rule, &v.Post, &v.Ordinal, &v.Count, &v.Since)
		return v, err
	})
	if err != nil {
		return nil, fmt.Errorf("vacancies: %w", err)
	}
	return list, nil
}

// fromVacancies are those of the day $1 in the area $2, $3, below the unit $4, that
// the rest of a filter chooses.
const fromVacancies = `
			FROM vacancies($1, $2, $3, $4) v
			WHERE ($5 = '' OR v.level = $5) AND ($6 = '' OR v.kind = $6) AND ($7 = '' OR v.rule = $7)`

// cutLast splits a cursor into four at its last three slashes: a code may hold one.
func cutLast(cursor string) []string {
	parts := strings.Split(cursor, "/")
	if len(parts) < 4 {
		return nil
	}
	n := len(parts) - 3
	return append([]string{strings.Join(parts[:n], "/")}, parts[n:]...)
}

func (f VacancyFilter) unit(ctx context.Context, db pg.DB, actor staff.Actor) (int64, error) {
	if f.Unit == "" {
		return 0, nil
	}
	return unitByCode(ctx, db, actor, f.Unit)
}

// AddAnswers fills in who answers meanwhile, with one statement; run it as the
// engine, for it looks above the units.
func AddAnswers(ctx context.Context, engine pg.DB, list []Vacancy, at time.Time) error {
	var questions []Question
	var asked []*Vacancy
	for i := range list {
		if list[i].Rule != Excess && list[i].unit != 0 {
			questions = append(questions, Question{list[i].unit, list[i].Kind})
			asked = append(asked, &list[i])
		}
	}
	duties, err := ResponsibleAll(ctx, engine, questions, at)
	if err != nil {
		return err
	}
	for i, v := range asked {
		v.Answers = &duties[i]
	}
	return nil
}

// UnitVacancies is how much is wrong in a unit of the tree.
type UnitVacancies struct {
	Unit   string       `json:"unit"`
	Name   string       `json:"name"`
	Level  string       `json:"level"`
	Parent string       `json:"parent" doc:"code of the unit above; empty at the top of the area"`
	Own    map[Rule]int `json:"own" doc:"broken rules of the unit itself, by rule"`
	Below  map[Rule]int `json:"below" doc:"those of all units below it"`
	Units  int          `json:"units" doc:"units with a broken rule, itself included"`
}

// Counts returns the units in the actor's area for maps that have a broken rule,
// or a unit below that has one, by code: for the tree and for the map. The unit of
// the filter is where to begin; level and rule choose what is counted.
func Counts(ctx context.Context, db pg.DB, actor staff.Actor, f VacancyFilter) ([]UnitVacancies, error) {
	unit, err := f.unit(ctx, db, actor)
	if err != nil {
		return nil, fmt.Errorf("count vacancies: %w", err)
	}
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, `
		SELECT u.id, coalesce(b.parent_id, 0), u.code, b.name, u.level, coalesce(w.rules, '{}'), coalesce(w.counts, '{}')
		FROM unit u
		JOIN boundary b ON b.unit_id = u.id AND b.valid_from <= $1 AND (b.valid_to IS NULL OR b.valid_to > $1)
		LEFT JOIN (
			SELECT unit_id, array_agg(rule) AS rules, array_agg(n) AS counts
			FROM (SELECT v.unit_id, v.rule, count(*) AS n`+fromVacancies+` GROUP BY v.unit_id, v.rule) r
			GROUP BY unit_id) w ON w.unit_id = u.id
		WHERE ($2 OR u.id IN (SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY ($3)))
		  AND ($4::bigint = 0 OR u.id IN (SELECT units_below($4)))
		ORDER BY u.code`, grid.Today(), area.All, area.Roots, unit, f.Level, f.Kind, f.Rule)
	defer rows.Close()
	var list []UnitVacancies
	parent := map[int64]int64{}
	place := map[int64]int{}
	var ids []int64
	for rows.Next() {
		var id, above int64
		var rules []Rule
		var counts []int
		c := UnitVacancies{Own: map[Rule]int{}, Below: map[Rule]int{}}
		if err := rows.Scan(&id, &above, &c.Unit, &c.Name, &c.Level, &rules, &counts); err != nil {
			return nil, fmt.Errorf("count vacancies: %w", err)
		}
		for i, r := range rules {
			c.Own[r] = counts[i]
		}
		place[id], parent[id] = len(list), above
		list, ids = append(list, c), append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count vacancies: %w", err)
	}
	sumUp(list, ids, parent, place)
	var wrong []UnitVacancies
	for _, c := range list {
		if c.Units > 0 {
			wrong = append(wrong, c)
		}
	}
	return wrong, nil
}

// sumUp adds what is wrong in each unit to all units above it.
func sumUp(list []UnitVacancies, ids []int64, parent map[int64]int64, place map[int64]int) {
	for i, id := range ids {
		if at, ok := place[parent[id]]; ok {
			list[i].Parent = list[at].Unit
		}
		if len(list[i].Own) == 0 {
			continue
		}
		list[i].Units++
		for above, steps := parent[id], 0; steps < 20; above, steps = parent[above], steps+1 {
			at, ok := place[above]
			if !ok {
				break
			}
			list[at].Units++
			for r, n := range list[i].Own {
				list[at].Below[r] += n
			}
		}
	}
}

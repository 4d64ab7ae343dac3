// Package ruleset keeps sets of local rules, which of them a draft is drawn by, and
// its waivers; and it reads what lies on the ground for package rule.
//
//	ruleset.go  sets: listed, made, copied, changed, removed
//	draft.go    the set of a draft, and its waivers
//	judge.go    which rules a stored plan breaks
//	ground.go   homes, posts, compounds, rivers and roads below a unit
//
// Built-in sets never change, and neither does one by which a plan was adopted: it
// is copied, so that the record of the decision stays true.
package ruleset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/rule"
	"wangge/geo/staff"
)

// Set is a set of rules with where it comes from.
type Set struct {
	ID         int64       `json:"id"`
	Code       string      `json:"code" doc:"of a built-in one; empty otherwise"`
	TitleZh    string      `json:"title_zh"`
	TitleEn    string      `json:"title_en"`
	Presets    []string    `json:"presets" doc:"hierarchies whose drafts use it unless they name another"`
	Builtin    bool        `json:"builtin" doc:"it never changes; copy it"`
	Sealed     bool        `json:"sealed" doc:"a plan was adopted by it: it never changes; copy it"`
	Editable   bool        `json:"editable" doc:"by the caller"`
	CopiedFrom *int64      `json:"copied_from"`
	CreatedBy  string      `json:"created_by"`
	UpdatedAt  time.Time   `json:"updated_at"`
	Rules      []rule.Rule `json:"rules"`
}

// Rule is the set as package rule wants it.
func (s Set) Rule() rule.Set {
	return rule.Set{ID: s.ID, Code: s.Code, TitleZh: s.TitleZh, TitleEn: s.TitleEn, Rules: s.Rules}
}

// Faults of sets.
var (
	ErrUnknown = fault.New(fault.NotFound, "ruleset_unknown", "There is no such set of rules.")
	ErrBuiltin = fault.New(fault.Conflict, "ruleset_builtin", "A built-in set never changes. Copy it and change the copy.")
	ErrSealed  = fault.New(fault.Conflict, "ruleset_sealed", "A plan was adopted by this set, so it never changes. Copy it and change the copy.")
	ErrUsed    = fault.New(fault.Conflict, "ruleset_used", "Drafts use this set. Give them another one first.")
	ErrTitles  = fault.New(fault.Invalid, "ruleset_titles", "A set has a title of at most 100 characters in Chinese and in English.")
)

var faults = pg.Faults{
	"rule_set_has_titles":      ErrTitles,
	"plan_rule_set_id_fkey":    ErrUsed,
	"rule_level_fkey":          rule.ErrRules.Saying("There is no such level."),
	"waiver_has_a_reason":      ErrReason,
	"rule_kind_is_known":       rule.ErrRules,
	"rule_bounds_are_in_order": rule.ErrRules,
}

// maxRules is how many rules a set has at most.
const maxRules = 100

// readable is the condition that the actor may read a set: who plans in its area,
// below it, or in a draft that uses it. It takes the area's two arguments from $1 on.
const readable = `(s.area_id IS NULL OR in_chain(s.area_id, $1, $2)
	OR EXISTS (SELECT FROM plan p WHERE p.rule_set_id = s.id AND in_area(p.area_id, $1, $2)))`

const columns = `
	s.id, s.code, s.title_zh, s.title_en, s.presets, s.builtin, rule_set_is_sealed(s.id),
	NOT s.builtin AND in_area(s.area_id, $1, $2) AND NOT rule_set_is_sealed(s.id), s.copied_from, s.created_by, s.updated_at,
	coalesce((SELECT jsonb_agg(jsonb_build_object('id', r.id, 'kind', r.kind, 'level', coalesce(r.level, ''), 'hard', r.hard, 'waivable', r.waivable,
		'min', r.min_bound, 'max', r.max_bound, 'occupied', r.occupied, 'needs', r.needs, 'text_zh', r.text_zh, 'text_en', r.text_en, 'source', r.source,
		'level_zh', coalesce(l.title_zh, ''), 'level_en', coalesce(l.title_en, '')) ORDER BY r.ordinal, r.id)
		FROM rule r LEFT JOIN level l ON l.code = r.level WHERE r.set_id = s.id), '[]')
	FROM rule_set s`

// row is a rule as the query above writes it.
type row struct {
	rule.Rule
	LevelZh string `json:"level_zh"`
	LevelEn string `json:"level_en"`
}

func scan(from pgx.CollectableRow) (s Set, err error) {
	var rows []row
	err = from.Scan(&s.ID, &s.Code, &s.TitleZh, &s.TitleEn, &s.Presets, &s.Builtin, &s.Sealed, &s.Editable, &s.CopiedFrom, &s.CreatedBy, &s.UpdatedAt, &rows)
	s.Rules = make([]rule.Rule, len(rows))
	for i, r := range rows {
		r.Rule.LevelZh, r.Rule.LevelEn = r.LevelZh, r.LevelEn
		s.Rules[i] = r.Rule.Words()
	}
	return s, err
}

// List returns the sets that the actor may use: the built-in ones first.
func List(ctx context.Context, db pg.DB, actor staff.Actor) ([]Set, error) {
	if err := actor.Must(staff.Plan); err != nil {
		return nil, err
	}
	area := actor.Area(staff.Plan)
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE `+readable+` ORDER BY s.builtin DESC, s.id`, area.All, area.Roots)
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("rule sets: %w", err)
	}
	return list, nil
}

// Get returns one set, or ErrUnknown.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, id int64) (Set, error) {
	if err := actor.Must(staff.Plan); err != nil {
		return Set{}, err
	}
	area := actor.Area(staff.Plan)
	rows, _ := db.Query(ctx, `SELECT`+columns+` WHERE `+readable+` AND s.id = $3`, area.All, area.Roots, id)
	s, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknown
	}
	if err != nil {
		return Set{}, fmt.Errorf("rule set %d: %w", id, err)
	}
	return s, nil
}

// User is a plan that is drawn by a set.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	State string `json:"state" enum:"draft,adopted,published,abandoned"`
	Own   bool   `json:"own" doc:"it names the set; else the set is that of its hierarchy"`
}

// mostUsers is how many plans Users lists.
const mostUsers = 200

// Users are the plans of the actor's area that are drawn by a set, newest first.
func Users(ctx context.Context, db pg.DB, actor staff.Actor, id int64) ([]User, error) {
	if _, err := Get(ctx, db, actor, id); err != nil {
		return nil, err
	}
	area := actor.Area(staff.Plan)
	rows, _ := db.Query(ctx, `
		SELECT p.id, p.name, p.state, p.rule_set_id IS NOT NULL
		FROM plan p
		WHERE in_area(p.area_id, $1, $2) AND $3 = `+setOf+`
		ORDER BY p.id DESC LIMIT $4`, area.All, area.Roots, id, mostUsers)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[User])
	if err != nil {
		return nil, fmt.Errorf("plans of rule set %d: %w", id, err)
	}
	return list, nil
}

// New is a set to be made.
type New struct {
	TitleZh string      `json:"title_zh" minLength:"1" maxLength:"100"`
	TitleEn string      `json:"title_en" minLength:"1" maxLength:"100"`
	Rules   []rule.Rule `json:"rules" maxItems:"100"`
}

// Add makes a set for the actor's area.
func Add(ctx context.Context, db pg.DB, actor staff.Actor, n New) (Set, error) {
	return add(ctx, db, actor, n, nil)
}

// Copy makes a set with the rules of another one.
func Copy(ctx context.Context, db pg.DB, actor staff.Actor, id int64, titleZh, titleEn string) (Set, error) {
	from, err := Get(ctx, db, actor, id)
	if err != nil {
		return Set{}, err
	}
	for i := range from.Rules {
		from.Rules[i].ID = 0
	}
	return add(ctx, db, actor, New{TitleZh: titleZh, TitleEn: titleEn, Rules: from.Rules}, &id)
}

func add(ctx context.Context, db pg.DB, actor staff.Actor, n New, from *int64) (Set, error) {
	if err := errors.Join(actor.Must(staff.Plan), check(n.TitleZh, n.TitleEn, n.Rules)); err != nil {
		return Set{}, fmt.Errorf("add rule set: %w", err)
	}
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			INSERT INTO rule_set (title_zh, title_en, copied_from, area_id, created_by) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			strings.TrimSpace(n.TitleZh), strings.TrimSpace(n.TitleEn), from, actor.Area(staff.Plan).Home(), actor.Name).Scan(&id)
		if err != nil {
			return err
		}
		if err := write(ctx, tx, id, nil, n.Rules); err != nil {
			return err
		}
		detail := map[string]any{"rules": len(n.Rules)}
		if from != nil {
			detail["from"] = *from
		}
		return audit.Write(ctx, tx, actor, "add", "rule-set", strconv.FormatInt(id, 10), detail)
	})
	if err != nil {
		return Set{}, fmt.Errorf("add rule set: %w", faults.Of(err))
	}
	return Get(ctx, db, actor, id)
}

// Edit is what changes of a set; nil stays as it is.
type Edit struct {
	TitleZh *string      `json:"title_zh,omitempty" minLength:"1" maxLength:"100"`
	TitleEn *string      `json:"title_en,omitempty" minLength:"1" maxLength:"100"`
	Rules   *[]rule.Rule `json:"rules,omitempty" maxItems:"100" doc:"all of them, in order; one with an id keeps its waivers, one that is missing is removed with them"`
}

// Save changes a set.
func Save(ctx context.Context, db pg.DB, actor staff.Actor, id int64, e Edit) (Set, error) {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		s, err := lock(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		before := s.Rules
		if e.TitleZh != nil {
			s.TitleZh = strings.TrimSpace(*e.TitleZh)
		}
		if e.TitleEn != nil {
			s.TitleEn = strings.TrimSpace(*e.TitleEn)
		}
		if e.Rules != nil {
			s.Rules = *e.Rules
		}
		if err := check(s.TitleZh, s.TitleEn, s.Rules); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE rule_set SET title_zh = $2, title_en = $3, updated_at = now() WHERE id = $1`, id, s.TitleZh, s.TitleEn)
		if err != nil {
			return err
		}
		if err := write(ctx, tx, id, before, s.Rules); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "edit", "rule-set", strconv.FormatInt(id, 10), map[string]any{"rules": len(s.Rules)})
	})
	if err != nil {
		return Set{}, fmt.Errorf("change rule set %d: %w", id, faults.Of(err))
	}
	return Get(ctx, db, actor, id)
}

// Delete removes a set that no draft uses.
func Delete(ctx context.Context, db pg.DB, actor staff.Actor, id int64) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := lock(ctx, tx, actor, id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM rule_set WHERE id = $1`, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor, "remove", "rule-set", strconv.FormatInt(id, 10), nil)
	})
	if err != nil {
		return fmt.Errorf("remove rule set %d: %w", id, faults.Of(err))
	}
	return nil
}

// lock returns a set that the actor may change, locked for the change.
func lock(ctx context.Context, tx pgx.Tx, actor staff.Actor, id int64) (Set, error) {
	s, err := Get(ctx, tx, actor, id)
	switch {
	case err != nil:
		return s, err
	case s.Builtin:
		return s, ErrBuiltin
	case s.Sealed:
		return s, ErrSealed
	case !s.Editable:
		return s, staff.ErrOutside
	}
	// Read again: somebody else may have changed it before the lock was ours.
	if _, err := tx.Exec(ctx, `SELECT FROM rule_set WHERE id = $1 FOR UPDATE`, id); err != nil {
		return s, err
	}
	s, err = Get(ctx, tx, actor, id)
	if err == nil && s.Sealed {
		err = ErrSealed
	}
	return s, err
}

func check(titleZh, titleEn string, rules []rule.Rule) error {
	for _, title := range []string{titleZh, titleEn} {
		if strings.TrimSpace(title) == "" || len([]rune(title)) > 100 {
			return ErrTitles
		}
	}
	if len(rules) > maxRules {
		return rule.ErrRules.Saying(fmt.Sprintf("A set has at most %d rules.", maxRules))
	}
	return rule.Validate(rules)
}

// write stores the rules of a set in place of those before.
func write(ctx context.Context, tx pgx.Tx, set int64, before, rules []rule.Rule) error {
	var kept []int64
	for i, r := range rules {
		if r.ID == 0 {
			continue
		}
		if !slices.ContainsFunc(before, func(b rule.Rule) bool { return b.ID == r.ID }) || slices.Contains(kept, r.ID) {
			return rule.ErrRules.With(fault.Place{Pointer: fmt.Sprintf("/rules/%d/id", i), Code: "rule_unknown", Detail: "the set has no such rule, or it stands here twice"})
		}
		kept = append(kept, r.ID)
	}
	if err := known(ctx, tx, rules); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM rule WHERE set_id = $1 AND NOT id = ANY ($2)`, set, slices.Concat([]int64{0}, kept)); err != nil {
		return err
	}
	for i, r := range rules {
		needs := r.Needs
		if needs == nil {
			needs = []rule.Need{}
		}
		args := []any{set, i + 1, r.Kind, r.Level, r.Hard, r.Waivable, r.Min, r.Max, r.Occupied, needs, strings.TrimSpace(r.TextZh), strings.TrimSpace(r.TextEn), strings.TrimSpace(r.Source)}
		statement := `INSERT INTO rule (set_id, ordinal, kind, level, hard, waivable, min_bound, max_bound, occupied, needs, text_zh, text_en, source)
			VALUES ($1, $2, $3, nullif($4, ''), $5, $6, $7, $8, $9, $10, $11, $12, $13)`
		if r.ID != 0 {
			args = append(args, r.ID)
			statement = `UPDATE rule SET ordinal = $2, kind = $3, level = nullif($4, ''), hard = $5, waivable = $6, min_bound = $7, max_bound = $8, occupied = $9, needs = $10,
				text_zh = $11, text_en = $12, source = $13 WHERE set_id = $1 AND id = $14`
		}
		if _, err := tx.Exec(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// known returns ErrRules for a need of a kind of post that there is not.
func known(ctx context.Context, tx pgx.Tx, rules []rule.Rule) error {
	rows, _ := tx.Query(ctx, `SELECT code FROM post_kind`)
	kinds, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("kinds of posts: %w", err)
	}
	for i, r := range rules {
		for k, n := range r.Needs {
			for _, kind := range n.Kinds {
				if !slices.Contains(kinds, kind) {
					return rule.ErrRules.With(fault.Place{Pointer: fmt.Sprintf("/rules/%d/needs/%d", i, k), Code: "rule_wrong", Detail: "there is no such kind of post"})
				}
			}
		}
	}
	return nil
}

// Package post keeps posts, who holds them, and who has a duty now.
//
// Duties belong to posts, not to persons. A post has a kind and a unit; account A
// holds it and account B is the deputy, each with dates. One account may hold
// several posts (一肩挑), but not both ranks of one. Nothing that was in force is
// rewritten: posts and holders end, and every question has an "as of".
//
//	post.go      posts: list, make, retitle, end
//	holder.go    hand-over on a date, history
//	grant.go     who may make and change a post
//	absence.go   who is away, to the minute
//	duty.go      pure: who has the duty, and why
//	chain.go     the same for units, from the database
//	staffing.go  which posts the units of a level have
//	vacancy.go   what is missing or too many, and who answers meanwhile
//	carry.go     what becomes of the posts of a unit that ends
package post

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/audit"
	"wangge/geo/fault"
	"wangge/geo/grid"
	"wangge/geo/pg"
	"wangge/geo/staff"
	"wangge/geo/vault"
)

// Rank is which of the two holders of a post somebody is.
type Rank string

// The ranks: A holds the post, B has its duty while A is away.
const (
	A Rank = "A"
	B Rank = "B"
)

// Post is a post as it stands on a date.
type Post struct {
	ID          int64      `json:"id"`
	Kind        staff.Kind `json:"kind"`
	TitleZh     string     `json:"title_zh" doc:"its own title, or that of its kind"`
	TitleEn     string     `json:"title_en"`
	Title       string     `json:"title" doc:"its own title on that date; empty = that of its kind"`
	Unit        string     `json:"unit" doc:"code; empty = the whole installation"`
	UnitName    string     `json:"unit_name"`
	Level       string     `json:"level"`
	Department  string     `json:"department"`
	Ordinal     int        `json:"ordinal" doc:"among the posts of one kind in one unit"`
	ValidFrom   geo.Day    `json:"valid_from"`
	ValidTo     *geo.Day   `json:"valid_to" doc:"first day it is no longer there"`
	CarriedFrom *int64     `json:"carried_from" doc:"the post of an ended unit that this one goes on from"`
	A           *Holder    `json:"a" doc:"who holds it; null = nobody"`
	B           *Holder    `json:"b" doc:"the deputy; null = nobody"`

	unit int64 // 0 = the whole installation
}

// Holder is who holds a rank of a post.
type Holder struct {
	Account   int64      `json:"account"`
	Login     string     `json:"login"`
	Name      string     `json:"name" doc:"the person's, where it is known"`
	ValidFrom geo.Day    `json:"valid_from"`
	ValidTo   *geo.Day   `json:"valid_to"`
	Away      bool       `json:"away" doc:"on leave, or the account is disabled"`
	AwayUntil *time.Time `json:"away_until" doc:"null = until further notice"`
}

// Faults of this package.
var (
	ErrUnknownPost    = fault.New(fault.NotFound, "post_unknown", "There is no such post in your area.")
	ErrUnknownKind    = fault.New(fault.Invalid, "post_kind_unknown", "There is no such kind of post. GET /api/v1/staffing lists the kinds.")
	ErrUnknownAccount = fault.New(fault.Invalid, "account_unknown", "There is no such account in your area.")
	ErrDisabled       = fault.New(fault.Conflict, "account_disabled", "This account is disabled. Enable it first, or choose another.")
	ErrBeyond         = fault.New(fault.Forbidden, "grant_beyond_own", "Nobody gives themselves a post that may more than they already hold there. Ask another administrator.")
	ErrLast           = fault.New(fault.Conflict, "administrator_last", "Somebody has to keep the whole installation. Appoint another administrator everywhere first.")
	ErrHeld           = fault.New(fault.Conflict, "holder_later", "Somebody else is to hold this rank from a later date. Leave the rank empty from that date first.")
	ErrOwnDeputy      = fault.New(fault.Conflict, "holder_own_deputy", "Nobody is their own deputy: this account holds the other rank of the post. Free that one first.")
	ErrPast           = fault.New(fault.Invalid, "holder_past", "What was in force before today stays as it was: choose today or a later date.")
	ErrOutsidePost    = fault.New(fault.Invalid, "holder_outside_post", "The post is not there on this date.")
	ErrEnded          = fault.New(fault.Conflict, "post_ended", "The post has ended, or ends before this date. Make a new one.")
	ErrDepartment     = fault.New(fault.Invalid, "post_department", "A department officer needs a department, and no other post has one.")
	ErrTitle          = fault.New(fault.Invalid, "post_title_long", "A title has at most 60 characters.")
)

var faults = pg.Faults{
	"holder_is_one_per_rank_and_day": ErrHeld,
	"holder_is_not_own_deputy":       ErrOwnDeputy,
	"post_kind_fkey":                 ErrUnknownKind,
	"post_title_is_short":            ErrTitle,
	"absence_is_one_at_a_time":       ErrOverlap,
	"staffing_kind_fkey":             ErrUnknownKind,
	"staffing_pkey":                  ErrLineTwice,
	"staffing_numbers_are_in_order":  ErrLineNumbers,
}

// Filter chooses posts. The zero Filter means all.
type Filter struct {
	Unit    string     // code
	Only    bool       // of that unit itself, without the units below
	Kind    staff.Kind //
	Account string     // login of somebody who holds it on the day
	After   int64      // posts after this one
	Limit   int
}

// List returns the posts in force on day that actor may see, by id: those of the
// units in its area for maps, and its own.
func List(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, f Filter) ([]Post, error) {
	var unit int64
	if f.Unit != "" {
		var err error
		if unit, err = unitByCode(ctx, db, actor, f.Unit); err != nil {
			return nil, fmt.Errorf("posts: %w", err)
		}
	}
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, selectPosts+`
		WHERE p.valid_from <= $1 AND (p.valid_to IS NULL OR p.valid_to > $1)
		  AND `+seen+`
		  AND ($5 = 0 OR p.unit_id = $5 OR NOT $6 AND p.unit_id IN (SELECT units_below($5)))
		  AND ($7 = '' OR p.kind = $7)
		  AND ($8 = '' OR EXISTS (
		      SELECT FROM holder h JOIN account c ON c.id = h.account_id
		      WHERE h.post_id = p.id AND c.login = $8 AND h.valid_from <= $1 AND (h.valid_to IS NULL OR h.valid_to > $1)))
		  AND p.id > $9
		ORDER BY p.id
		LIMIT nullif($10, 0)`, day, area.All, area.Roots, actor.Account, unit, f.Only, f.Kind, f.Account, f.After, f.Limit)
	list, err := pgx.CollectRows(rows, scanPost)
	if err != nil {
		return nil, fmt.Errorf("posts: %w", err)
	}
	return list, addHolders(ctx, db, day, list)
}

// Get returns one post as it stands on day: before it began as on its first day,
// and after it ended as on its last.
func Get(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, id int64) (Post, error) {
	p, err := find(ctx, db, actor, day, id)
	if err != nil {
		return Post{}, err
	}
	if day.Before(p.ValidFrom) {
		day = p.ValidFrom
	}
	if p.ValidTo != nil && !day.Before(*p.ValidTo) {
		day = geo.DayOf(p.ValidTo.Start().Add(-time.Hour))
	}
	list := []Post{p}
	err = addHolders(ctx, db, day, list)
	return list[0], err
}

// find is a post that actor may see, without its holders.
func find(ctx context.Context, db pg.DB, actor staff.Actor, day geo.Day, id int64) (Post, error) {
	area := actor.Area(staff.Map)
	rows, _ := db.Query(ctx, selectPosts+` WHERE `+seen+` AND p.id = $5`, day, area.All, area.Roots, actor.Account, id)
	p, err := pgx.CollectExactlyOneRow(rows, scanPost)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknownPost
	}
	if err != nil {
		return Post{}, fmt.Errorf("post %d: %w", id, err)
	}
	return p, nil
}

// selectPosts reads posts with their title of the day $1.
const selectPosts = `
	SELECT p.id, p.kind, k.title_zh, k.title_en, coalesce(t.title, ''), coalesce(p.unit_id, 0), coalesce(u.code, ''), coalesce(n.name, ''),
	       coalesce(u.level, ''), p.department, p.ordinal, p.valid_from, p.valid_to, p.carried_from
	FROM post p
	JOIN post_kind k ON k.code = p.kind
	LEFT JOIN unit u ON u.id = p.unit_id
	LEFT JOIN LATERAL (SELECT b.name FROM boundary b WHERE b.unit_id = p.unit_id AND b.valid_from <= greatest($1, p.valid_from) ORDER BY b.valid_from DESC LIMIT 1) n ON true
	LEFT JOIN LATERAL (SELECT t.title FROM post_title t WHERE t.post_id = p.id AND t.valid_from <= greatest($1, p.valid_from) ORDER BY t.valid_from DESC LIMIT 1) t ON true`

// seen is the first wall: $2 and $3 are the actor's area for maps, $4 its account.
const seen = `($2 OR p.unit_id IN (SELECT a.unit_id FROM unit_ancestor a WHERE a.ancestor_id = ANY ($3))
		OR EXISTS (SELECT FROM holder o WHERE o.post_id = p.id AND o.account_id = $4))`

func scanPost(row pgx.CollectableRow) (Post, error) {
	var p Post
	err := row.Scan(&p.ID, &p.Kind, &p.TitleZh, &p.TitleEn, &p.Title, &p.unit, &p.Unit, &p.UnitName,
		&p.Level, &p.Department, &p.Ordinal, &p.ValidFrom, &p.ValidTo, &p.CarriedFrom)
	if p.Title != "" {
		p.TitleZh, p.TitleEn = p.Title, p.Title
	}
	return p, err
}

// addHolders fills in who holds the posts on day, in one statement. Whether they
// are away is said of now, or of the beginning of another day.
func addHolders(ctx context.Context, db pg.DB, day geo.Day, list []Post) error {
	ids := make([]int64, len(list))
	at := make(map[int64]int, len(list))
	for i, p := range list {
		ids[i], at[p.ID] = p.ID, i
	}
	instant := time.Now()
	if day != geo.DayOf(instant) {
		instant = day.Start()
	}
	rows, _ := db.Query(ctx, `
		SELECT h.post_id, h.rank, h.account_id, c.login, h.valid_from, h.valid_to,
		       w.away IS NOT NULL OR coalesce(c.disabled_on <= $3, false), w.until
		FROM holder h JOIN account c ON c.id = h.account_id
		LEFT JOIN LATERAL (SELECT true AS away, a.until FROM away_at(h.account_id, $3) a) w ON true
		WHERE h.post_id = ANY ($1) AND h.valid_from <= $2 AND (h.valid_to IS NULL OR h.valid_to > $2)`, ids, day, instant)
	defer rows.Close()
	for rows.Next() {
		var id int64
		var rank Rank
		var h Holder
		if err := rows.Scan(&id, &rank, &h.Account, &h.Login, &h.ValidFrom, &h.ValidTo, &h.Away, &h.AwayUntil); err != nil {
			return fmt.Errorf("holders: %w", err)
		}
		if rank == A {
			list[at[id]].A = &h
		} else {
			list[at[id]].B = &h
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("holders: %w", err)
	}
	return nil
}

// AddNames opens the names of the holders, in one statement. The caller may see
// the posts; the vault's own wall stands behind that.
func AddNames(ctx context.Context, db pg.DB, ring *vault.Ring, list []Post) error {
	var ids []string
	var holders []*Holder
	for i := range list {
		for _, h := range []*Holder{list[i].A, list[i].B} {
			if h != nil {
				holders = append(holders, h)
				ids = append(ids, strconv.FormatInt(h.Account, 10))
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	persons, err := vault.OpenMany(ctx, db, ring, "account", ids)
	if err != nil {
		return fmt.Errorf("names of holders: %w", err)
	}
	for i, h := range holders {
		h.Name = persons[ids[i]]["name"]
	}
	return nil
}

// unitByCode is the unit with this code, if it lies in the actor's area for maps.
func unitByCode(ctx context.Context, db pg.DB, actor staff.Actor, code string) (id int64, err error) {
	area := actor.Area(staff.Map)
	err = db.QueryRow(ctx, `SELECT id FROM unit WHERE code = $1 AND in_area(id, $2, $3)`, code, area.All, area.Roots).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = grid.ErrUnknownUnit
	}
	if err != nil {
		return 0, fmt.Errorf("unit %s: %w", code, err)
	}
	return id, nil
}

// New is a post to be made.
type New struct {
	Kind       staff.Kind
	Unit       string // code; "" = the whole installation
	Department string // of department officers
	Title      string // "" = that of the kind
	From       geo.Day
}

// Make makes a post from a day on and gives it the next free number of its kind in
// the unit. It needs the permission Post there.
func Make(ctx context.Context, db pg.DB, actor staff.Actor, n New) (Post, error) {
	n.Department, n.Title = strings.TrimSpace(n.Department), strings.TrimSpace(n.Title)
	if (n.Kind == staff.DepartmentOfficer) != (n.Department != "") {
		return Post{}, ErrDepartment
	}
	if n.From.IsZero() {
		n.From = grid.Today()
	}
	var unit int64
	if n.Unit != "" {
		u, err := grid.ByCode(ctx, db, actor, later(n.From, grid.Today()), n.Unit)
		if err != nil {
			return Post{}, fmt.Errorf("make a post: %w", err)
		}
		unit = u.ID
	}
	if err := mayGive(ctx, db, actor, n.Kind, unit, 0); err != nil {
		return Post{}, fmt.Errorf("make a post: %w", err)
	}
	var id int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) (err error) {
		if id, err = insert(ctx, tx, n, unit, nil); err != nil {
			return err
		}
		if n.Title != "" {
			if err := retitle(ctx, tx, id, n.From, n.Title); err != nil {
				return err
			}
		}
		return record(ctx, tx, actor, "make", id, map[string]any{"kind": n.Kind, "unit": n.Unit, "from": n.From.String()})
	})
	if err != nil {
		return Post{}, fmt.Errorf("make a post: %w", err)
	}
	return Get(ctx, db, actor, n.From, id)
}

func later(a, b geo.Day) geo.Day {
	if a.Before(b) {
		return b
	}
	return a
}

// insert writes a post with the next free number. Whoever numbers takes turns.
func insert(ctx context.Context, tx pgx.Tx, n New, unit int64, carried *int64) (id int64, err error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1, hashtext($2 || ' ' || $3))`, numberLock, string(n.Kind), strconv.FormatInt(unit, 10)); err != nil {
		return 0, fmt.Errorf("number a post: %w", err)
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO post (kind, unit_id, department, ordinal, valid_from, carried_from)
		SELECT $1, nullif($2::bigint, 0), $3, min(o), $4, $5
		FROM generate_series(1, 32000) o
		WHERE NOT EXISTS (
			SELECT FROM post p
			WHERE p.kind = $1 AND p.unit_id IS NOT DISTINCT FROM nullif($2::bigint, 0) AND p.ordinal = o
			  AND (p.valid_to IS NULL OR p.valid_to > $4))
		RETURNING id`, n.Kind, unit, n.Department, n.From, carried).Scan(&id)
	return id, faults.Of(err)
}

const (
	numberLock        = 77_301 // whoever numbers posts of a kind in a unit
	administratorLock = 77_302 // whoever may take away the last administrator
)

func record(ctx context.Context, tx pgx.Tx, actor staff.Actor, action string, id int64, detail map[string]any) error {
	return audit.Write(ctx, tx, actor, action, "post", strconv.FormatInt(id, 10), detail)
}

// Retitle gives a post a title of its own from a day on, today or later; "" is
// the title of its kind again.
func Retitle(ctx context.Context, db pg.DB, actor staff.Actor, id int64, title string, from geo.Day) (Post, error) {
	today := grid.Today()
	if from.IsZero() {
		from = today
	}
	if from.Before(today) {
		return Post{}, ErrPast
	}
	err := change(ctx, db, actor, id, func(tx pgx.Tx, p Post) error {
		if p.ValidTo != nil && !from.Before(*p.ValidTo) {
			return ErrEnded
		}
		if err := retitle(ctx, tx, id, from, strings.TrimSpace(title)); err != nil {
			return err
		}
		return record(ctx, tx, actor, "retitle", id, map[string]any{"from": from.String()})
	})
	if err != nil {
		return Post{}, fmt.Errorf("retitle post %d: %w", id, err)
	}
	return Get(ctx, db, actor, today, id)
}

func retitle(ctx context.Context, tx pgx.Tx, id int64, from geo.Day, title string) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO post_title (post_id, valid_from, title) VALUES ($1, $2, $3)
		ON CONFLICT (post_id, valid_from) DO UPDATE SET title = excluded.title`, id, from, title)
	return faults.Of(err)
}

// End ends a post and its holders: on is the first day it is no longer there,
// today or later. A post that nobody ever held and that has not begun by then
// goes altogether; every other one stays in the history.
func End(ctx context.Context, db pg.DB, actor staff.Actor, id int64, on geo.Day) error {
	today := grid.Today()
	if on.IsZero() {
		on = today
	}
	if on.Before(today) {
		return ErrPast
	}
	err := change(ctx, db, actor, id, func(tx pgx.Tx, p Post) error {
		if p.ValidTo != nil && (on == *p.ValidTo || p.ValidTo.Before(on)) {
			return ErrEnded
		}
		return keepAdministrator(ctx, tx, p, func() error {
			if err := end(ctx, tx, id, on, today); err != nil {
				return err
			}
			return record(ctx, tx, actor, "end", id, map[string]any{"on": on.String()})
		})
	})
	if err != nil {
		return fmt.Errorf("end post %d: %w", id, err)
	}
	return nil
}

// end writes the end of a post and of its holders. Who was only to hold it later
// is forgotten; who began today keeps a row of no length, so that it can be found.
func end(ctx context.Context, tx pgx.Tx, id int64, on, today geo.Day) error {
	for _, rank := range []Rank{A, B} {
		if err := vacate(ctx, tx, id, rank, on, today); err != nil {
			return err
		}
	}
	tag, err := tx.Exec(ctx, `
		DELETE FROM post p WHERE p.id = $1 AND p.valid_from >= $2
		   AND NOT EXISTS (SELECT FROM holder h WHERE h.post_id = p.id)`, id, on)
	if err != nil || tag.RowsAffected() > 0 {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE post SET valid_to = greatest(valid_from, $2) WHERE id = $1`, id, on)
	return err
}

// change locks a post that actor may change and does it in one transaction.
func change(ctx context.Context, db pg.DB, actor staff.Actor, id int64, do func(pgx.Tx, Post) error) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		p, err := find(ctx, tx, actor, grid.Today(), id)
		if err != nil {
			return err
		}
		if err := mayGive(ctx, tx, actor, p.Kind, p.unit, 0); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT valid_to FROM post WHERE id = $1 FOR UPDATE`, id).Scan(&p.ValidTo); err != nil {
			if errors.Is(err, pgx.ErrNoRows) { // ended and gone meanwhile
				return ErrUnknownPost
			}
			return err
		}
		return do(tx, p)
	})
}

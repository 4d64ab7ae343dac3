// Package audit is the append-only record of who did what and who saw what.
//
// Write inserts a row in the transaction that it records, and nothing else, so
// that no writer waits for another. The Sealer links committed rows into a chain:
//
//	hash(n) = SHA-256(hash(n-1) ‖ n ‖ row)        hash(0) = 32 zeros
//
// where row is the encoding in encode.go. Links are closed into segments that a
// key outside the database signs, and the newest link (the head) is written to a
// file outside the database as well. Verify walks the chain and locates what does
// not fit: see its comment for what it finds and what it cannot.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Row is one recorded act.
type Row struct {
	ID        int64           `json:"id"`
	At        time.Time       `json:"at"`
	Actor     string          `json:"actor"`
	Action    string          `json:"action"`
	Subject   string          `json:"subject"`
	SubjectID string          `json:"subject_id"`
	Detail    json.RawMessage `json:"detail"`
}

// removed stands where a value was not fit to be kept.
const removed = "[removed]"

// Write records that actor did action to the subject with this id. Detail holds
// counts, codes and versions; never a name, an address or a phone. A text in which
// a phone or an identity number is recognised is stored as "[removed]": the log is
// read by people who may not see the data. What is done while the actor has broken
// the glass carries the number of that grant.
func Write(ctx context.Context, db pg.DB, actor staff.Actor, action, subject, id string, detail map[string]any) error {
	safe, err := scrub(detail)
	if err != nil {
		return fmt.Errorf("audit %s %s: %w", action, subject, err)
	}
	if broken := broken(actor); len(broken) > 0 {
		safe["break_glass"] = broken
	}
	_, err = db.Exec(ctx, `
		INSERT INTO audit (actor, action, subject, subject_id, detail)
		VALUES ($1, $2, $3, $4, $5)`, actor.Name, action, subject, scrubText(id), safe)
	if err != nil {
		return fmt.Errorf("audit %s %s %s: %w", action, subject, id, err)
	}
	return nil
}

// broken lists the break-glass grants that an actor has.
func broken(actor staff.Actor) []int64 {
	var ids []int64
	for _, g := range actor.Grants {
		if g.Kind == staff.BreakGlass {
			ids = append(ids, -g.Post)
		}
	}
	return ids
}

// scrub gives detail as JSON values, without personal texts.
func scrub(detail map[string]any) (map[string]any, error) {
	if len(detail) == 0 {
		return map[string]any{}, nil
	}
	text, err := json.Marshal(detail)
	if err != nil {
		return nil, err
	}
	value, err := decode(text)
	if err != nil {
		return nil, err
	}
	return scrubValue(value).(map[string]any), nil // an object stays one
}

func scrubValue(value any) any {
	switch v := value.(type) {
	case string:
		return scrubText(v)
	case []any:
		for i := range v {
			v[i] = scrubValue(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = scrubValue(v[key])
		}
	}
	return value
}

// digest is a UUID or a hash: eleven digits in a row mean nothing in one.
var digest = regexp.MustCompile(`^[0-9a-fA-F-]*[a-fA-F][0-9a-fA-F-]*$`)

func scrubText(text string) string {
	if len(text) >= 32 && digest.MatchString(text) {
		return text
	}
	if _, personal := sheet.LooksPersonal(text); personal {
		return removed
	}
	return text
}

// Filter chooses rows; an empty field chooses all.
type Filter struct {
	Actor     string  `json:"actor,omitempty"`
	Action    string  `json:"action,omitempty"`
	Subject   string  `json:"subject,omitempty"`
	SubjectID string  `json:"subject_id,omitempty"`
	From      geo.Day `json:"from,omitzero"` // the first day, in China
	To        geo.Day `json:"to,omitzero"`   // the first day that is no longer meant
}

// where is f as a condition, with its parameters from $1 on.
func (f Filter) where() (string, []any) {
	conditions, args := []string{"true"}, []any{}
	add := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	for _, c := range []struct{ condition, value string }{
		{"actor =", f.Actor}, {"action =", f.Action}, {"subject =", f.Subject}, {"subject_id =", f.SubjectID},
	} {
		if c.value != "" {
			add(c.condition, c.value)
		}
	}
	if !f.From.IsZero() {
		add("at >=", f.From.Start())
	}
	if !f.To.IsZero() {
		add("at <", f.To.Start())
	}
	return strings.Join(conditions, " AND "), args
}

// named is f as it is recorded when somebody reads the log.
func (f Filter) named() map[string]any {
	named := map[string]any{}
	for name, value := range map[string]string{"actor": f.Actor, "action": f.Action, "subject": f.Subject, "subject_id": f.SubjectID} {
		if value != "" {
			named[name] = value
		}
	}
	for name, day := range map[string]geo.Day{"from": f.From, "to": f.To} {
		if !day.IsZero() {
			named[name] = day.String()
		}
	}
	return named
}

// Search returns the newest rows that f chooses with an id below before (0 = from
// the newest), for who may read the log everywhere. That somebody looked, and for
// what, is recorded; what was found is not.
func Search(ctx context.Context, db pg.DB, actor staff.Actor, f Filter, before int64, limit int) ([]Row, error) {
	if err := mustRead(actor); err != nil {
		return nil, err
	}
	if err := Write(ctx, db, actor, "read", "audit", "", f.named()); err != nil {
		return nil, err
	}
	where, args := f.where()
	if before != 0 {
		args = append(args, before)
		where += fmt.Sprintf(" AND id < $%d", len(args))
	}
	rows, _ := db.Query(ctx, fmt.Sprintf(`
		SELECT id, at, actor, action, subject, subject_id, detail
		FROM audit WHERE %s
		ORDER BY id DESC LIMIT %d`, where, limit), args...)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Row])
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return list, nil
}

// mustRead wants the whole log to be the actor's to read: rows have no unit.
func mustRead(actor staff.Actor) error {
	if err := actor.Must(staff.Audit); err != nil {
		return err
	}
	if !actor.Area(staff.Audit).All {
		return staff.ErrForbidden
	}
	return nil
}

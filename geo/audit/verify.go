package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Evidence is what lies outside the database.
type Evidence struct {
	Keys  []PublicKey // none: signatures are not checked
	Heads Heads       // "" or a missing file: a truncated or rewritten tail is not noticed
}

// The kinds of findings.
const (
	Changed   = "changed"   // a row is not the one that was linked
	Relinked  = "relinked"  // the hash of a link was changed, its row was not
	Moved     = "moved"     // rows were exchanged
	Missing   = "missing"   // rows or links were removed
	Unlinked  = "unlinked"  // a row was never linked, or its link was removed
	Truncated = "truncated" // the end of the chain was cut off
	Rewritten = "rewritten" // rows were replaced and all later hashes computed anew
	Unsigned  = "unsigned"  // a segment or an exported head has no valid signature
)

// Finding is something that does not fit, and where.
type Finding struct {
	Kind    string     `json:"kind"`
	Seq     int64      `json:"seq,omitempty" doc:"number in the chain"`
	LastSeq int64      `json:"last_seq,omitempty" doc:"of several"`
	ID      int64      `json:"id,omitempty" doc:"of the row"`
	At      *time.Time `json:"at,omitempty" doc:"time of the row as it stands now"`
	Detail  string     `json:"detail"`
}

// Report is what Verify found.
type Report struct {
	Rows     int64     `json:"rows" doc:"linked rows that were checked"`
	Segments int       `json:"segments"`
	Dropped  int       `json:"dropped" doc:"segments whose rows retention removed"`
	Heads    int       `json:"heads" doc:"exported heads that were compared"`
	Keys     int       `json:"keys" doc:"keys that signatures were checked with; 0 = they were not"`
	Seq      int64     `json:"seq" doc:"of the newest link"`
	Hash     Hash      `json:"hash"`
	GivenUp  []string  `json:"given_up" doc:"parts of the chain that a restored backup does not have"`
	Findings []Finding `json:"findings"`
	More     int       `json:"more" doc:"findings beyond those listed"`
}

// OK reports whether everything fits.
func (r Report) OK() bool { return len(r.Findings) == 0 }

// maxFindings is how many findings are listed.
const maxFindings = 100

// add lists a finding and returns it, nil when there are too many.
func (r *Report) add(f Finding) *Finding {
	if len(r.Findings) == maxFindings {
		r.More++
		return nil
	}
	r.Findings = append(r.Findings, f)
	return &r.Findings[len(r.Findings)-1]
}

// Verify walks the whole chain in one snapshot, in constant memory but for the
// headers of segments and the exported heads, and reports where it does not fit:
// rows that were changed, removed, exchanged or never linked; and with the
// evidence from outside the database also an end that was cut off or rewritten.
//
// What it cannot see: a row that was never written, one that was removed with its
// mark of waiting before the sealer came (seconds), and, by somebody who changes
// the database and has the file of the heads and the key as well, anything.
//
// A row may wait for its link as long as patience says: that of a long transaction
// appears late with an old time.
func Verify(ctx context.Context, db pg.DB, evidence Evidence, patience time.Duration) (Report, error) {
	v := verifier{keys: newKeyring(evidence.Keys), report: Report{Keys: len(evidence.Keys), GivenUp: []string{}, Findings: []Finding{}}}
	if err := v.readHeads(evidence.Heads); err != nil {
		return v.report, err
	}
	var waiting []int64
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`); err != nil {
			return err
		}
		if err := v.readSegments(ctx, tx); err != nil {
			return err
		}
		if err := v.walk(ctx, tx); err != nil {
			return err
		}
		v.explain()
		v.end()
		var err error
		waiting, err = v.unlinked(ctx, tx)
		return err
	})
	if err == nil {
		err = v.await(ctx, db, waiting, patience)
	}
	if err != nil {
		return v.report, fmt.Errorf("verify the audit: %w", err)
	}
	slices.SortStableFunc(v.report.Findings, func(a, b Finding) int { return cmp.Compare(a.Seq, b.Seq) })
	return v.report, nil
}

// Check verifies for somebody who may read the whole log, and records that it was
// done and how it ended. The links are read with the engine's rights.
func Check(ctx context.Context, db, engine pg.DB, actor staff.Actor, evidence Evidence, patience time.Duration) (Report, error) {
	if err := mustRead(actor); err != nil {
		return Report{}, err
	}
	report, err := Verify(ctx, engine, evidence, patience)
	if err != nil {
		return report, err
	}
	return report, Write(ctx, db, actor, "verify", "audit", "", map[string]any{
		"rows": report.Rows, "seq": report.Seq, "findings": len(report.Findings) + report.More})
}

type verifier struct {
	report   Report
	keys     keyring
	heads    []Head    // in the order of their numbers
	segments []segment // likewise
	marks    []mark    // hashes that are known from elsewhere, likewise

	next   int64 // number that the next link should have
	before Hash  // hash of the link before, as it is stored
	known  bool  // before is that of link next-1, not of an earlier one
	faulty []faulty

	agreed   int64 // newest number at which the chain agreed with an exported head
	disagree bool  // a rewritten part was reported
}

// mark is a hash that a link must have, because a header or a head says so.
type mark struct {
	seq  int64
	hash Hash
	head bool
	at   time.Time // when it was signed
}

// faulty is a link that does not fit, kept to find out what happened to it.
type faulty struct {
	before   Hash
	seq      int64
	hash     Hash // as it is stored
	computed Hash
	row      []byte // nil when the row is missing
	id       int64
	at       *time.Time
	drop     bool // explained by another one
	kind     string
	detail   string
}

// readHeads checks the signatures of the exported heads and keeps those that still
// count: what was given up by restoring a backup does not.
func (v *verifier) readHeads(file Heads) error {
	if file == "" {
		return nil
	}
	err := file.read(func(line int, h Head) error {
		if len(v.keys) > 0 {
			if wrong := v.keys.check(h.Key, h.message(), h.Signature); wrong != "" {
				v.report.add(Finding{Kind: Unsigned, Seq: h.Seq, At: &h.At, Detail: fmt.Sprintf("exported head in line %d of %s: %s", line, file, wrong)})
				return nil // it proves nothing
			}
		}
		if h.Kind == restored {
			if n := len(v.heads); n > 0 && v.heads[n-1].Seq > h.Seq {
				v.report.GivenUp = append(v.report.GivenUp, fmt.Sprintf("links %d to at least %d: a backup was restored on %s", h.Seq+1, v.heads[n-1].Seq, stamp(h.At)))
			}
			v.heads = slices.DeleteFunc(v.heads, func(old Head) bool { return old.Seq > h.Seq })
		}
		v.heads = append(v.heads, h)
		return nil
	})
	slices.SortStableFunc(v.heads, func(a, b Head) int { return cmp.Compare(a.Seq, b.Seq) })
	v.report.Heads = len(v.heads)
	return err
}

// readSegments reads the headers and checks that they are signed and follow each other.
func (v *verifier) readSegments(ctx context.Context, db pg.DB) error {
	rows, _ := db.Query(ctx, `
		SELECT id, first_seq, last_seq, before, hash, from_at, to_at, closed_at, key, signature, dropped_at, 0
		FROM audit_segment ORDER BY id`)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[segment])
	if err != nil {
		return fmt.Errorf("segments: %w", err)
	}
	v.segments, v.report.Segments, v.next, v.known = list, len(list), 1, true
	last := segment{Hash: make([]byte, len(Hash{}))}
	for _, s := range list {
		v.checkHeader(last, s)
		if s.Dropped != nil && s.First == v.next {
			v.report.Dropped++
			v.next, v.before = s.Last+1, Hash(s.Hash)
		}
		last = s
	}
	v.mark()
	return nil
}

func (v *verifier) checkHeader(last, s segment) {
	where := Finding{Seq: s.First, LastSeq: s.Last, At: &s.Closed}
	say := func(kind, format string, args ...any) {
		where.Kind, where.Detail = kind, fmt.Sprintf("segment %d: ", s.ID)+fmt.Sprintf(format, args...)
		v.report.add(where)
	}
	if s.ID != last.ID+1 || s.First != last.Last+1 {
		say(Missing, "headers of segments before it were removed: it begins with link %d after segment %d, which ends with %d", s.First, last.ID, last.Last)
	} else if !slices.Equal(s.Before, last.Hash) {
		say(Changed, "it does not continue segment %d", last.ID)
	}
	if len(v.keys) > 0 {
		if wrong := v.keys.check(s.Key, s.message(), s.Signature); wrong != "" {
			say(Unsigned, "%s: the header was changed, or written by somebody else", wrong)
		}
	}
	if s.Dropped != nil && time.Since(s.Closed) < keptYears*365*24*time.Hour {
		say(Missing, "its rows were removed although they are less than %d years old", keptYears)
	}
}

// keptYears is how long rows are kept at least.
const keptYears = 3

// mark collects the hashes that are known from headers and heads.
func (v *verifier) mark() {
	for _, s := range v.segments {
		v.marks = append(v.marks, mark{seq: s.Last, hash: Hash(s.Hash), at: s.Closed})
	}
	for _, h := range v.heads {
		if h.Seq > 0 {
			v.marks = append(v.marks, mark{seq: h.Seq, hash: h.Hash, head: true, at: h.At})
		}
	}
	slices.SortStableFunc(v.marks, func(a, b mark) int { return cmp.Compare(a.seq, b.seq) })
	// Of links that retention removed only the headers are left to compare with.
	for len(v.marks) > 0 && v.marks[0].seq < v.next {
		m := v.marks[0]
		i, found := slices.BinarySearchFunc(v.segments, m.seq, func(s segment, seq int64) int { return cmp.Compare(s.Last, seq) })
		if found && Hash(v.segments[i].Hash) != m.hash {
			v.rewritten(m)
		} else if found && m.head {
			v.agreed = m.seq
		}
		v.marks = v.marks[1:]
	}
}

// walk reads every link with its row, in the order of the chain.
func (v *verifier) walk(ctx context.Context, db pg.DB) error {
	rows, err := db.Query(ctx, `
		SELECT l.seq, l.audit_id, l.hash, a.id IS NOT NULL, coalesce(a.at, now()), coalesce(a.actor, ''), coalesce(a.action, ''),
		       coalesce(a.subject, ''), coalesce(a.subject_id, ''), coalesce(a.detail::text, '{}')
		FROM audit_link l LEFT JOIN audit a ON a.id = l.audit_id
		ORDER BY l.seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var seq int64
	var hash, detail []byte
	var present bool
	var row Row
	for rows.Next() {
		if err := rows.Scan(&seq, &row.ID, &hash, &present, &row.At, &row.Actor, &row.Action, &row.Subject, &row.SubjectID, &detail); err != nil {
			return fmt.Errorf("link after %d: %w", v.next-1, err)
		}
		row.Detail = detail
		if err := v.step(seq, Hash(hash), row, present); err != nil {
			return err
		}
	}
	return rows.Err()
}

// step checks one link.
func (v *verifier) step(seq int64, stored Hash, row Row, present bool) error {
	if seq < v.next {
		v.report.add(Finding{Kind: Changed, Seq: seq, ID: row.ID, At: &row.At, Detail: fmt.Sprintf("link %d is there, but its segment says that it was removed", seq)})
		return nil
	}
	if seq > v.next {
		v.report.add(Finding{Kind: Missing, Seq: v.next, LastSeq: seq - 1, Detail: gone(v.next, seq-1)})
		v.known = false
	}
	v.report.Rows++
	computed := stored
	if !present {
		v.faulty = append(v.faulty, faulty{seq: seq, hash: stored, before: v.before, id: row.ID, kind: Missing,
			detail: fmt.Sprintf("row %d was removed; its link is still there", row.ID)})
	} else if v.known {
		encoded, err := row.encode()
		if err != nil {
			return err
		}
		if computed = link(v.before, seq, encoded); computed != stored {
			v.fault(faulty{seq: seq, hash: stored, before: v.before, computed: computed, row: encoded, id: row.ID, at: &row.At})
		}
	}
	v.compare(seq, stored)
	v.next, v.before, v.known = seq+1, stored, true
	return nil
}

func gone(first, last int64) string {
	if first == last {
		return fmt.Sprintf("link %d was removed, with its row or without", first)
	}
	return fmt.Sprintf("links %d to %d were removed, with their rows or without", first, last)
}

// fault keeps a link that does not fit. When it would fit the hash that the link
// before should have had, it was that hash that was changed.
func (v *verifier) fault(f faulty) {
	if n := len(v.faulty); n > 0 {
		if last := &v.faulty[n-1]; last.seq == f.seq-1 && last.row != nil && link(last.computed, f.seq, f.row) == f.hash {
			last.kind, last.detail = Relinked, fmt.Sprintf("the hash of link %d was changed; row %d is as it was", last.seq, last.id)
			return
		}
	}
	if len(v.faulty) == maxFindings {
		v.report.More++
		return
	}
	at := *f.at
	f.at, f.kind = &at, Changed
	f.detail = fmt.Sprintf("row %d is not the one that was linked: a column of it was changed, or the hash of the link", f.id)
	v.faulty = append(v.faulty, f)
}

// compare holds a link against what headers and heads say about it.
func (v *verifier) compare(seq int64, stored Hash) {
	for len(v.marks) > 0 && v.marks[0].seq <= seq {
		m := v.marks[0]
		v.marks = v.marks[1:]
		switch {
		case m.seq < seq: // the link is missing, which has been said
		case m.hash != stored:
			v.rewritten(m)
		case m.head:
			v.agreed = seq
		}
	}
}

// rewritten reports the first place where the chain disagrees with a mark.
func (v *verifier) rewritten(m mark) {
	if v.disagree {
		return
	}
	v.disagree = true
	what := "the header of a segment closed"
	if m.head {
		what = "a head exported"
	}
	v.report.add(Finding{Kind: Rewritten, Seq: v.agreed + 1, LastSeq: m.seq, At: &m.at, Detail: fmt.Sprintf(
		"link %d is not the one that %s on %s says. The last exported head that agrees is that of link %d: what follows was replaced", m.seq, what, stamp(m.at), v.agreed)})
}

// explain finds out which of the links that do not fit were only exchanged.
func (v *verifier) explain() {
	for i := range v.faulty {
		for j := range v.faulty {
			f, other := &v.faulty[i], &v.faulty[j]
			if i == j || f.row == nil || other.row == nil {
				continue
			}
			switch {
			case link(f.before, f.seq, other.row) == f.hash:
				f.kind, f.detail = Moved, fmt.Sprintf("row %d stands here, row %d was linked here", f.id, other.id)
			case link(f.before, f.seq, other.row) == other.hash:
				f.kind, f.detail = Moved, fmt.Sprintf("links %d and %d were exchanged: row %d stands here, row %d was linked here", f.seq, other.seq, f.id, other.id)
				other.kind, other.detail = Moved, fmt.Sprintf("links %d and %d were exchanged: row %d stands here, row %d was linked here", other.seq, f.seq, other.id, f.id)
			case link(other.hash, f.seq, f.row) == f.hash:
				f.drop = true // it follows the link that was moved away
			}
		}
	}
	for _, f := range v.faulty {
		if !f.drop {
			v.report.add(Finding{Kind: f.kind, Seq: f.seq, ID: f.id, At: f.at, Detail: f.detail})
		}
	}
}

// end looks at marks beyond the last link: the end of the chain was cut off.
func (v *verifier) end() {
	v.report.Seq, v.report.Hash = v.next-1, v.before
	if len(v.marks) == 0 {
		return
	}
	last := v.marks[len(v.marks)-1]
	what := "the header of a segment closed"
	if last.head {
		what = "a head exported"
	}
	v.report.add(Finding{Kind: Truncated, Seq: v.next, LastSeq: last.seq, At: &last.at, Detail: fmt.Sprintf(
		"the chain ends with link %d, but %s on %s ends with %d: what lies between was removed", v.next-1, what, stamp(last.at), last.seq)})
}

// unlinked reports rows without a link that do not wait for one, and marks that
// wait for a row which has gone. It returns the rows older than a minute that wait.
func (v *verifier) unlinked(ctx context.Context, db pg.DB) ([]int64, error) {
	rows, _ := db.Query(ctx, `
		SELECT coalesce(a.id, p.audit_id), a.at, p.audit_id IS NOT NULL
		FROM (SELECT a.id, a.at FROM audit a WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.audit_id = a.id)) a
		FULL JOIN audit_pending p ON p.audit_id = a.id
		WHERE a.id IS NULL OR p.audit_id IS NULL OR a.at < now() - interval '1 minute'
		ORDER BY 1`)
	var waiting []int64
	var id int64
	var at *time.Time
	var waits bool
	_, err := pgx.ForEachRow(rows, []any{&id, &at, &waits}, func() error {
		switch {
		case at == nil:
			v.report.add(Finding{Kind: Missing, ID: id, Detail: fmt.Sprintf("row %d was removed before it was linked", id)})
		case !waits:
			v.report.add(Finding{Kind: Unlinked, ID: id, At: at, Detail: fmt.Sprintf("row %d has no link and waits for none: its link was removed, or it was put in from outside", id)})
		default:
			waiting = append(waiting, id)
		}
		return nil
	})
	return waiting, err
}

// await gives rows the time to be linked.
func (v *verifier) await(ctx context.Context, db pg.DB, waiting []int64, patience time.Duration) error {
	for began := time.Now(); len(waiting) > 0; {
		rows, _ := db.Query(ctx, `SELECT audit_id FROM audit_pending WHERE audit_id = ANY ($1) ORDER BY 1`, waiting)
		var err error
		if waiting, err = pgx.CollectRows(rows, pgx.RowTo[int64]); err != nil {
			return err
		}
		if time.Since(began) >= patience {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
	if n := len(waiting); n > 0 {
		v.report.add(Finding{Kind: Unlinked, ID: waiting[0], Detail: fmt.Sprintf(
			"%d rows, the first of them %d, wait for their links longer than they should: is the program running?", n, waiting[0])})
	}
	return nil
}

// stamp is an instant as people in China read it.
func stamp(t time.Time) string {
	return "of " + t.In(geo.DayOf(t).Start().Location()).Format(time.DateTime)
}

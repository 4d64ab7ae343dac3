package audit

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Handover says to whom an extract of the log goes and what for.
type Handover struct {
	Recipient string // an office, not a person
	Purpose   string
}

// ErrHandover is a handover that does not say enough.
var ErrHandover = fault.New(fault.Invalid, "handover_incomplete", "Say who receives the extract (an office, without a phone number) and what for, with 2 to 200 letters each.")

func (h Handover) check() error {
	for _, text := range []string{h.Recipient, h.Purpose} {
		if n := len([]rune(strings.TrimSpace(text))); n < 2 || n > 200 {
			return ErrHandover
		}
		if _, personal := sheet.LooksPersonal(text); personal {
			return ErrHandover
		}
	}
	return nil
}

// Hand records that an extract is handed over, for who may read the whole log.
// The caller then streams it with WriteCSV.
func Hand(ctx context.Context, db pg.DB, actor staff.Actor, f Filter, to Handover) error {
	if err := mustRead(actor); err != nil {
		return err
	}
	if err := to.check(); err != nil {
		return err
	}
	return Write(ctx, db, actor, "export", "audit", "", map[string]any{
		"filter": f.named(), "recipient": strings.TrimSpace(to.Recipient), "purpose": strings.TrimSpace(to.Purpose)})
}

// WriteCSV writes the rows that f chooses, oldest first, as CSV (UTF-8 with byte
// order mark, times in UTC).
func WriteCSV(ctx context.Context, db pg.DB, actor staff.Actor, w io.Writer, f Filter) error {
	if err := mustRead(actor); err != nil {
		return err
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("audit as CSV: %w", err)
	}
	out := csv.NewWriter(w)
	if err := out.Write([]string{"id", "at", "actor", "action", "subject", "subject_id", "detail"}); err != nil {
		return fmt.Errorf("audit as CSV: %w", err)
	}
	where, args := f.where()
	rows, _ := db.Query(ctx, `
		SELECT id, at, actor, action, subject, subject_id, detail::text
		FROM audit WHERE `+where+` ORDER BY id`, args...)
	var r Row
	var detail string
	_, err := pgx.ForEachRow(rows, []any{&r.ID, &r.At, &r.Actor, &r.Action, &r.Subject, &r.SubjectID, &detail}, func() error {
		return out.Write([]string{strconv.FormatInt(r.ID, 10), r.At.UTC().Format(time.RFC3339Nano), inert(r.Actor), inert(r.Action), inert(r.Subject), inert(r.SubjectID), inert(detail)})
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("audit as CSV: %w", err)
	}
	return nil
}

// inert keeps a text from being taken for a formula by a spreadsheet.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// Package privacy is what people can hold us to about their personal data: the
// register of purposes, the notices they are shown, what they consented to, what
// they ask for, and how long anything is kept (Personal Information Protection
// Law; article numbers in comments are of that law).
//
// The values themselves are in package vault. Nothing here holds one: not a
// notice, not a decision, not a proof of deletion.
package privacy

import (
	"context"
	"fmt"

	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/sheet"
	"wangge/geo/staff"
)

// Faults of this package.
var (
	ErrPurposeUnknown = fault.New(fault.NotFound, "purpose_unknown", "The purpose register has no such entry.")
	ErrNoticeUnknown  = fault.New(fault.NotFound, "notice_unknown", "There is no such notice.")
	ErrTextStale      = fault.New(fault.Conflict, "text_stale", "A newer version was published since you opened it. Read that one first.")
	ErrTextEmpty      = fault.New(fault.Invalid, "text_empty", "Every text is needed in Chinese and in English.")
	ErrPersonal       = fault.New(fault.Invalid, "text_personal", "The text holds a phone or identity number. It is kept for years and read by many: leave such things out.")
)

// everywhere refuses an actor who may not do p for the whole installation.
func everywhere(actor staff.Actor, p staff.Permission) error {
	if err := actor.Must(p); err != nil {
		return err
	}
	if !actor.Area(p).All {
		return staff.ErrForbidden.Saying("This is for the whole installation, and your post is for a part of it.")
	}
	return nil
}

// checkTexts refuses texts that are empty or hold a phone or identity number.
func checkTexts(texts ...string) error {
	for _, text := range texts {
		if text == "" {
			return ErrTextEmpty
		}
		if _, personal := sheet.LooksPersonal(text); personal {
			return ErrPersonal
		}
	}
	return nil
}

// nextVersion is the version after the one that the writer has read.
func nextVersion(ctx context.Context, db pg.DB, sql, code string, read int, unknown *fault.Fault) (int, error) {
	var newest int
	if err := db.QueryRow(ctx, sql, code).Scan(&newest); err != nil {
		return 0, fmt.Errorf("newest version: %w", err)
	}
	switch newest {
	case 0:
		return 0, unknown
	case read:
		return newest + 1, nil
	}
	return 0, ErrTextStale
}

package privacy

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/geo/audit"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Field is a personal field that may be kept, sealed.
type Field struct {
	Kind      string `json:"kind" doc:"of what it is: account, household, request"`
	Field     string `json:"field"`
	TitleZh   string `json:"title_zh"`
	TitleEn   string `json:"title_en"`
	Sensitive bool   `json:"sensitive" doc:"in the sense of article 28"`
}

// PurposeText is what the register says of a purpose (articles 6, 7, 13, 17, 19).
type PurposeText struct {
	TitleZh  string `json:"title_zh" minLength:"1" maxLength:"100"`
	TitleEn  string `json:"title_en" minLength:"1" maxLength:"100"`
	WhyZh    string `json:"why_zh" minLength:"1" maxLength:"500"`
	WhyEn    string `json:"why_en" minLength:"1" maxLength:"500"`
	Article  string `json:"article" minLength:"1" maxLength:"40" doc:"of the Personal Information Protection Law, such as 13(1)1"`
	BasisZh  string `json:"basis_zh" minLength:"1" maxLength:"500" doc:"the legal basis"`
	BasisEn  string `json:"basis_en" minLength:"1" maxLength:"500"`
	KeepZh   string `json:"keep_zh" minLength:"1" maxLength:"500" doc:"how long"`
	KeepEn   string `json:"keep_en" minLength:"1" maxLength:"500"`
	SeenByZh string `json:"seen_by_zh" minLength:"1" maxLength:"500"`
	SeenByEn string `json:"seen_by_en" minLength:"1" maxLength:"500"`
}

// Purpose is an entry of the register, in one version.
type Purpose struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
	PurposeText
	PublishedBy string    `json:"published_by"`
	PublishedAt time.Time `json:"published_at"`
	Fields      []Field   `json:"fields"`
}

const purposeColumns = `v.purpose, v.version, v.title_zh, v.title_en, v.why_zh, v.why_en, v.article, v.basis_zh, v.basis_en,
	v.keep_zh, v.keep_en, v.seen_by_zh, v.seen_by_en, v.published_by, v.published_at`

func scanPurpose(row pgx.CollectableRow) (p Purpose, err error) {
	err = row.Scan(&p.Code, &p.Version, &p.TitleZh, &p.TitleEn, &p.WhyZh, &p.WhyEn, &p.Article, &p.BasisZh, &p.BasisEn,
		&p.KeepZh, &p.KeepEn, &p.SeenByZh, &p.SeenByEn, &p.PublishedBy, &p.PublishedAt)
	return p, err
}

// Purposes returns the register in force.
func Purposes(ctx context.Context, db pg.DB, _ staff.Actor) ([]Purpose, error) {
	return purposes(ctx, db, `
		SELECT DISTINCT ON (v.purpose) `+purposeColumns+`
		FROM purpose_version v ORDER BY v.purpose, v.version DESC`)
}

// PurposeHistory returns every version of an entry, newest first, or
// ErrPurposeUnknown.
func PurposeHistory(ctx context.Context, db pg.DB, _ staff.Actor, code string) ([]Purpose, error) {
	list, err := purposes(ctx, db, `
		SELECT `+purposeColumns+` FROM purpose_version v WHERE v.purpose = $1 ORDER BY v.version DESC`, code)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("purpose %s: %w", code, ErrPurposeUnknown)
	}
	return list, err
}

func purposes(ctx context.Context, db pg.DB, sql string, args ...any) ([]Purpose, error) {
	rows, _ := db.Query(ctx, sql, args...)
	list, err := pgx.CollectRows(rows, scanPurpose)
	if err != nil {
		return nil, fmt.Errorf("purposes: %w", err)
	}
	type placed struct {
		Purpose string
		Field
	}
	rows, _ = db.Query(ctx, `SELECT purpose, kind, field, title_zh, title_en, sensitive FROM purpose_field ORDER BY kind, field`)
	fields, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p placed, err error) {
		err = row.Scan(&p.Purpose, &p.Kind, &p.Field.Field, &p.TitleZh, &p.TitleEn, &p.Sensitive)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("fields of purposes: %w", err)
	}
	for i := range list {
		list[i].Fields = []Field{}
		for _, f := range fields {
			if f.Purpose == list[i].Code {
				list[i].Fields = append(list[i].Fields, f.Field)
			}
		}
	}
	return list, nil
}

// PublishPurpose writes a new version of an entry; read is the one the writer has
// read, else ErrTextStale. Which fields there are is a matter of the program.
func PublishPurpose(ctx context.Context, db pg.DB, actor staff.Actor, code string, read int, text PurposeText) (version int, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := everywhere(actor, staff.Privacy); err != nil {
			return err
		}
		err := checkTexts(text.TitleZh, text.TitleEn, text.WhyZh, text.WhyEn, text.Article, text.BasisZh, text.BasisEn,
			text.KeepZh, text.KeepEn, text.SeenByZh, text.SeenByEn)
		if err != nil {
			return err
		}
		version, err = nextVersion(ctx, tx, `SELECT coalesce(max(version), 0) FROM purpose_version WHERE purpose = $1`, code, read, ErrPurposeUnknown)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO purpose_version (purpose, version, title_zh, title_en, why_zh, why_en, article, basis_zh, basis_en,
				keep_zh, keep_en, seen_by_zh, seen_by_en, published_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
			code, version, text.TitleZh, text.TitleEn, text.WhyZh, text.WhyEn, text.Article, text.BasisZh, text.BasisEn,
			text.KeepZh, text.KeepEn, text.SeenByZh, text.SeenByEn, actor.Name)
		if err != nil {
			return faults.Of(err)
		}
		return audit.Write(ctx, tx, actor, "publish", "purpose", code, map[string]any{"version": version})
	})
	if err != nil {
		return 0, fmt.Errorf("publish purpose %s: %w", code, err)
	}
	return version, nil
}

// Two who write the next version at once: one of them has not read it.
var faults = pg.Faults{"purpose_version_pkey": ErrTextStale, "notice_version_pkey": ErrTextStale, "consent_is_to_a_version": ErrNoticeUnknown}

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

// The notices that the program itself shows.
const (
	HouseholdContact = "household-contact" // before a household's contact is taken
	RequestNotice    = "request"           // before a request is recorded
	AccountNotice    = "account"           // before an account is made
	StaffTracking    = "staff-tracking"    // before anybody's track is recorded; a separate consent (article 29)
)

// NoticeText is what people are told before anything is collected (articles 7, 17, 30).
type NoticeText struct {
	TitleZh string `json:"title_zh" minLength:"1" maxLength:"100"`
	TitleEn string `json:"title_en" minLength:"1" maxLength:"100"`
	TextZh  string `json:"text_zh" minLength:"1" maxLength:"5000"`
	TextEn  string `json:"text_en" minLength:"1" maxLength:"5000"`
}

// Notice is one version of a notice.
type Notice struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
	NoticeText
	PublishedBy string    `json:"published_by"`
	PublishedAt time.Time `json:"published_at"`
}

const noticeColumns = `v.notice, v.version, v.title_zh, v.title_en, v.text_zh, v.text_en, v.published_by, v.published_at`

func notices(ctx context.Context, db pg.DB, sql string, args ...any) ([]Notice, error) {
	rows, _ := db.Query(ctx, sql, args...)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Notice, err error) {
		err = row.Scan(&n.Code, &n.Version, &n.TitleZh, &n.TitleEn, &n.TextZh, &n.TextEn, &n.PublishedBy, &n.PublishedAt)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	return list, nil
}

// Notices returns the current version of every notice.
func Notices(ctx context.Context, db pg.DB) ([]Notice, error) {
	return notices(ctx, db, `SELECT DISTINCT ON (v.notice) `+noticeColumns+` FROM notice_version v ORDER BY v.notice, v.version DESC`)
}

// NoticeHistory returns every version of a notice, newest first, or
// ErrNoticeUnknown: what somebody consented to can always be read.
func NoticeHistory(ctx context.Context, db pg.DB, code string) ([]Notice, error) {
	list, err := notices(ctx, db, `SELECT `+noticeColumns+` FROM notice_version v WHERE v.notice = $1 ORDER BY v.version DESC`, code)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("notice %s: %w", code, ErrNoticeUnknown)
	}
	return list, err
}

// CurrentNotice returns the version to be shown now, or ErrNoticeUnknown.
func CurrentNotice(ctx context.Context, db pg.DB, code string) (Notice, error) {
	list, err := notices(ctx, db, `SELECT `+noticeColumns+` FROM notice_version v WHERE v.notice = $1 ORDER BY v.version DESC LIMIT 1`, code)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("notice %s: %w", code, ErrNoticeUnknown)
	}
	if err != nil {
		return Notice{}, err
	}
	return list[0], nil
}

// PublishNotice writes a new version of a notice; read is the one the writer has
// read, else ErrTextStale. Consents to older versions stay what they are.
func PublishNotice(ctx context.Context, db pg.DB, actor staff.Actor, code string, read int, text NoticeText) (version int, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if err := everywhere(actor, staff.Privacy); err != nil {
			return err
		}
		// Not checkTexts: a notice names the operator's office with its phone.
		for _, part := range []string{text.TitleZh, text.TitleEn, text.TextZh, text.TextEn} {
			if part == "" {
				return ErrTextEmpty
			}
		}
		version, err = nextVersion(ctx, tx, `SELECT coalesce(max(version), 0) FROM notice_version WHERE notice = $1`, code, read, ErrNoticeUnknown)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			INSERT INTO notice_version (notice, version, title_zh, title_en, text_zh, text_en, published_by)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, code, version, text.TitleZh, text.TitleEn, text.TextZh, text.TextEn, actor.Name)
		if err != nil {
			return faults.Of(err)
		}
		return audit.Write(ctx, tx, actor, "publish", "notice", code, map[string]any{"version": version})
	})
	if err != nil {
		return 0, fmt.Errorf("publish notice %s: %w", code, err)
	}
	return version, nil
}

package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"wangge/geo/pg"
	"wangge/geo/vault"
)

// Message is what a gateway is told: no person, no place, no words of anybody.
type Message struct {
	Delivery   uuid.UUID  `json:"delivery"`
	Event      Event      `json:"event"`
	At         time.Time  `json:"at"`
	Incident   *uuid.UUID `json:"incident,omitempty"`
	Category   string     `json:"category,omitempty"` // none of a private incident
	CategoryZh string     `json:"category_zh,omitempty"`
	CategoryEn string     `json:"category_en,omitempty"`
	State      string     `json:"state,omitempty"`
	Unit       string     `json:"unit,omitempty"`
	UnitName   string     `json:"unit_name,omitempty"`
	Post       *int64     `json:"post,omitempty"`
	PostZh     string     `json:"post_zh,omitempty"`
	PostEn     string     `json:"post_en,omitempty"`
	Deadline   *time.Time `json:"deadline,omitempty"`
	Link       string     `json:"link"`
}

// Sender tells gateways what is written down for them. Several may run on one database.
type Sender struct {
	DB   pg.Pool // as the engine
	Ring *vault.Ring
	Gate Gate
	Link string // what the address of our page begins with, such as https://grid.example.cn
	Log  *slog.Logger
	Now  func() time.Time
}

// Every is how often a sender looks for what is to be told.
const Every = 2 * time.Second

// The bounds of trying: pauses grow from firstPause to longestPause, and after mostTries,
// about fifteen hours, it is given up.
const (
	firstPause   = 10 * time.Second
	longestPause = time.Hour
	mostTries    = 24
)

// pause is how long to wait after so many tries.
func pause(tries int) time.Duration {
	if tries > 10 {
		return longestPause
	}
	return min(firstPause<<max(0, tries-1), longestPause)
}

// lease is how long a try is another's: longer than any takes.
const lease = timeout + 20*time.Second

// batch is how many are told at once, and of one hook.
const (
	batch     = 32
	batchHook = 4
)

// Run tells until ctx ends.
func (s Sender) Run(ctx context.Context) error {
	client := s.Gate.client()
	defer client.CloseIdleConnections()
	for {
		told, err := s.round(ctx, client)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if told == batch {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(Every):
		}
	}
}

// Round tells what is due now, once, and returns how many were tried.
func (s Sender) Round(ctx context.Context) (int, error) {
	client := s.Gate.client()
	defer client.CloseIdleConnections()
	return s.round(ctx, client)
}

// trial is one delivery that is tried.
type trial struct {
	id       uuid.UUID
	hook     int64
	url      string
	event    Event
	incident *uuid.UUID
	made     time.Time
	tries    int // with this one
	body     []byte
}

func (s Sender) round(ctx context.Context, client *http.Client) (int, error) {
	now := s.Now()
	if err := s.late(ctx, now); err != nil {
		return 0, err
	}
	rows, _ := s.DB.Query(ctx, `
		UPDATE webhook_delivery d SET tries = tries + 1, next_at = $1::timestamptz + $2::interval
		FROM webhook w
		WHERE w.id = d.webhook_id AND d.id IN (
			SELECT q.id FROM webhook h CROSS JOIN LATERAL (
				SELECT x.id FROM webhook_delivery x WHERE x.webhook_id = h.id AND x.state = 'waiting' AND x.next_at <= $1
				ORDER BY x.next_at LIMIT $3 FOR UPDATE SKIP LOCKED) q
			WHERE h.enabled LIMIT $4)
		RETURNING d.id, d.webhook_id, w.url, d.event, d.incident_id, d.made_at, d.tries, d.body`, now, lease, batchHook, batch)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t trial, err error) {
		err = row.Scan(&t.id, &t.hook, &t.url, &t.event, &t.incident, &t.made, &t.tries, &t.body)
		return t, err
	})
	if err != nil {
		return 0, fmt.Errorf("messages for gateways: %w", err)
	}
	var wait sync.WaitGroup
	failed := make([]error, len(list))
	for i, t := range list {
		wait.Go(func() { failed[i] = s.try(ctx, client, t) })
	}
	wait.Wait()
	return len(list), errors.Join(failed...)
}

// late writes down what has become overdue, once for each deadline.
func (s Sender) late(ctx context.Context, now time.Time) error {
	_, err := s.DB.Exec(ctx, `
		INSERT INTO webhook_delivery (webhook_id, event, incident_id, due_at)
		SELECT w.id, 'overdue', i.id, i.due_at
		FROM webhook w JOIN unit_ancestor a ON a.ancestor_id = w.unit_id
		JOIN incident_unit o ON o.unit_id = a.unit_id AND o.valid_to IS NULL
		JOIN incident i ON i.id = o.incident_id AND i.closed_at IS NULL AND i.due_at < $1 AND i.due_at >= w.created_at
		WHERE w.enabled AND 'overdue' = ANY (w.events)
		ON CONFLICT ON CONSTRAINT webhook_delivery_is_told_once DO NOTHING`, now)
	if err != nil {
		return fmt.Errorf("overdue incidents for gateways: %w", err)
	}
	return nil
}

// try tells one and keeps what came of it. A gateway that cannot be told is no error of ours.
func (s Sender) try(ctx context.Context, client *http.Client, t trial) error {
	problem := ""
	body, secret, err := s.prepare(ctx, t)
	if err != nil {
		return err
	}
	if secret == "" {
		problem = "secret"
	} else {
		problem = post(ctx, client, t, body, secret, s.Now())
	}
	if ctx.Err() != nil && problem != "" {
		return nil // we are told to stop: the lease ends and it is tried again
	}
	state, ended, next := "waiting", (*time.Time)(nil), s.Now().Add(pause(t.tries))
	switch now := s.Now(); {
	case problem == "":
		state, ended = "delivered", &now
	case t.tries >= mostTries:
		state, ended = "failed", &now
		s.Log.Warn("a gateway was not reached and is given up", "webhook", t.hook, "delivery", t.id, "problem", problem)
	}
	_, err = s.DB.Exec(context.WithoutCancel(ctx), `
		UPDATE webhook_delivery SET state = $2, problem = $3, ended_at = $4, next_at = $5 WHERE id = $1 AND state = 'waiting'`, t.id, state, problem, ended, next)
	if err != nil {
		return fmt.Errorf("delivery %s: %w", t.id, err)
	}
	return nil
}

// prepare returns the body, made at the first try and kept, and the secret that signs it.
func (s Sender) prepare(ctx context.Context, t trial) (body []byte, secret string, err error) {
	fields, err := vault.Open(ctx, s.DB, s.Ring, subject(t.hook))
	if err != nil {
		s.Log.Error("the secret of a webhook cannot be read", "webhook", t.hook, "err", err)
		return nil, "", nil
	}
	if t.body != nil {
		return t.body, fields["secret"], nil
	}
	m := Message{Delivery: t.id, Event: t.event, At: t.made.UTC(), Incident: t.incident, Link: s.Link + "/incidents"}
	if t.incident != nil {
		m.Link += "?incident=" + t.incident.String()
		err := s.DB.QueryRow(ctx, `
			SELECT CASE WHEN i.private THEN '' ELSE i.category END, CASE WHEN i.private THEN '' ELSE coalesce(c.title_zh, '') END,
			       CASE WHEN i.private THEN '' ELSE coalesce(c.title_en, '') END, i.state, coalesce(u.code, ''), coalesce(b.name, ''),
			       p.id, coalesce(k.title_zh, ''), coalesce(k.title_en, ''), i.due_at
			FROM incident i LEFT JOIN incident_category c ON c.code = i.category
			LEFT JOIN incident_unit o ON o.incident_id = i.id AND o.valid_to IS NULL
			LEFT JOIN unit u ON u.id = o.unit_id
			LEFT JOIN boundary b ON b.unit_id = u.id AND b.valid_to IS NULL
			LEFT JOIN post p ON p.id = incident_post(i.id)
			LEFT JOIN post_kind k ON k.code = p.kind
			WHERE i.id = $1`, t.incident).
			Scan(&m.Category, &m.CategoryZh, &m.CategoryEn, &m.State, &m.Unit, &m.UnitName, &m.Post, &m.PostZh, &m.PostEn, &m.Deadline)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) { // an incident that is gone is told by its number
			return nil, "", fmt.Errorf("message %s: %w", t.id, err)
		}
	}
	if body, err = json.Marshal(m); err != nil {
		return nil, "", err
	}
	if _, err := s.DB.Exec(ctx, `UPDATE webhook_delivery SET body = $2 WHERE id = $1`, t.id, body); err != nil {
		return nil, "", fmt.Errorf("message %s: %w", t.id, err)
	}
	return body, fields["secret"], nil
}

// The headers of a message.
const (
	HeaderSignature = "X-Wangge-Signature" // t=seconds,v1=hex of HMAC-SHA256 of "seconds.body"
	HeaderDelivery  = "X-Wangge-Delivery"
	HeaderEvent     = "X-Wangge-Event"
)

// Sign is the signature of a body at a time.
func Sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a message; "" when the gateway took it, else a code of what went wrong, which
// tells nothing of what the gateway answered but its status.
func post(ctx context.Context, client *http.Client, t trial, body []byte, secret string, now time.Time) string {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return "address"
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "wangge")
	request.Header.Set(HeaderSignature, Sign(secret, now, body))
	request.Header.Set(HeaderDelivery, t.id.String())
	request.Header.Set(HeaderEvent, string(t.event))
	answer, err := client.Do(request)
	if err != nil {
		return problemOf(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 4<<10))
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return "status_" + strconv.Itoa(answer.StatusCode)
	}
	return ""
}

func problemOf(err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var network net.Error
	switch {
	case errors.Is(err, ErrAddress):
		return "address"
	case errors.As(err, &name):
		return "name"
	case errors.As(err, &certificate), errors.As(err, &record):
		return "tls"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "timeout"
	}
	return "unreachable"
}

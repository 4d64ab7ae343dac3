// Package route is how a resource package adds its operations to the API: typed
// input and output from which OpenAPI is written, and one place where errors
// become RFC 9457 problems.
//
//	func Mount(a route.API, pool *pgxpool.Pool) {
//		route.Get(a, "/levels", route.Op{ID: "list-levels", Summary: "Levels", Tag: "units"}, h.list)
//	}
package route

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wangge/geo"
	"wangge/geo/account"
	"wangge/geo/fault"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

// Prefix is where the API lives.
const Prefix = "/api/v1"

// API is where operations are added.
type API struct {
	huma.API
	Log   *slog.Logger
	Rules map[string]Op // by operation id, of all that were added
}

// Op describes an operation.
type Op struct {
	ID, Summary, Tag string
	Description      string
	May              staff.Permission // the caller must have it somewhere; where, is the handler's matter
	Open             bool             // for everybody, without a sign-in
	Self             bool             // for everybody who has signed in, about themselves; with a token they only read
	Status           int              // of success; 0 = 200
	MaxBody          int64            // bytes; 0 = 1 MiB
	Checked          bool             // the handler checks the body itself: it is large, and comes often

	changes bool // something, for it is no read
	tagged  bool
}

// Tagged returns the read with answers that carry a tag: phones and pages ask for it
// again and again, and are told when they have it already.
func (o Op) Tagged() Op {
	o.tagged = true
	return o
}

// For returns the operation for those with a permission.
func (o Op) For(p staff.Permission) Op {
	o.May = p
	return o
}

// admits returns nil when the actor may call the operation at all.
func (o Op) admits(actor staff.Actor) error {
	switch {
	case o.Open:
		return nil
	case o.Self && actor.Account == 0:
		return staff.ErrSignedOut
	case o.Self && actor.Token && o.changes:
		return account.ErrInteractive
	case o.Self:
		return nil
	}
	return actor.Must(o.May)
}

// guard answers those who may not call the operation, before anything is read.
func (o Op) guard(c huma.Context, next func(huma.Context)) {
	err := o.admits(Actor(c.Context()))
	if err == nil {
		next(c)
		return
	}
	p := Of(err)
	c.SetHeader("Content-Type", ProblemType)
	c.SetStatus(p.Status)
	_ = json.NewEncoder(c.BodyWriter()).Encode(p)
}

// Handler answers one operation. It knows no SQL and chooses no status for errors.
type Handler[I, O any] func(context.Context, *I) (*O, error)

// Get adds a read.
func Get[I, O any](a API, path string, op Op, h Handler[I, O]) {
	register(a, http.MethodGet, path, op, h)
}

// Head adds a read that answers with headers alone.
func Head[I, O any](a API, path string, op Op, h Handler[I, O]) {
	register(a, http.MethodHead, path, op, h)
}

// Post adds a change or a new thing.
func Post[I, O any](a API, path string, op Op, h Handler[I, O]) {
	register(a, http.MethodPost, path, op, h)
}

// Put adds a replacement.
func Put[I, O any](a API, path string, op Op, h Handler[I, O]) {
	register(a, http.MethodPut, path, op, h)
}

// Patch adds a change of some fields.
func Patch[I, O any](a API, path string, op Op, h Handler[I, O]) {
	register(a, http.MethodPatch, path, op, h)
}

// Delete adds a removal.
func Delete[I, O any](a API, path string, op Op, h Handler[I, O]) {
	register(a, http.MethodDelete, path, op, h)
}

func register[I, O any](a API, method, path string, op Op, h Handler[I, O]) {
	if op.May == "" && !op.Open && !op.Self {
		panic("operation " + op.ID + " does not say who may call it")
	}
	op.changes = method != http.MethodGet && method != http.MethodHead
	a.Rules[op.ID] = op
	described := huma.Operation{
		OperationID: op.ID, Method: method, Path: path, Summary: op.Summary, Description: op.Description,
		Tags: []string{op.Tag}, DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody, SkipValidateBody: op.Checked, Middlewares: huma.Middlewares{op.guard},
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
			http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}
	if op.tagged {
		tag(&described)
	}
	huma.Register(a.API, described, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			p := Of(err)
			level := slog.LevelDebug // the caller's mistakes are not our alarms
			if p.Status >= 500 {
				level = slog.LevelError
			}
			a.Log.Log(ctx, level, "request failed", "operation", op.ID, "status", p.Status, "code", p.Code, "err", err)
			var with huma.HeadersError
			if errors.As(err, &with) {
				return nil, huma.ErrorWithHeaders(p, with.GetHeaders())
			}
			return nil, p
		}
		return out, nil
	})
}

type actorKey struct{}

// WithActor returns a context of a request by actor. The database is told the
// account as well, and decides by itself what it may see.
func WithActor(ctx context.Context, actor staff.Actor) context.Context {
	ctx = context.WithValue(ctx, actorKey{}, actor)
	if actor.Account == 0 {
		return ctx
	}
	return pg.WithAccount(ctx, strconv.FormatInt(actor.Account, 10))
}

// Actor is who asks: the public until somebody has signed in.
func Actor(ctx context.Context) staff.Actor {
	if actor, ok := ctx.Value(actorKey{}).(staff.Actor); ok {
		return actor
	}
	return staff.Public
}

// Body is an answer with a JSON body.
type Body[T any] struct{ Body T }

// OK wraps a body.
func OK[T any](body T, err error) (*Body[T], error) {
	if err != nil {
		return nil, err
	}
	return &Body[T]{body}, nil
}

// List is a page of things.
type List[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"pass it as cursor to get the next page; absent on the last"`
	Total *int   `json:"total,omitempty" doc:"how many there are in all, where that is cheap to know"`
}

// Page makes a list answer of at most limit items from limit+1; cursor names the
// last item of the page.
func Page[T any](items []T, limit int, cursor func(T) string) List[T] {
	l := List[T]{Items: items}
	if l.Items == nil {
		l.Items = []T{}
	}
	if len(items) > limit {
		l.Items = items[:limit]
		l.Next = cursor(l.Items[limit-1])
	}
	return l
}

// Paging are the parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string `query:"cursor" maxLength:"200"`
}

// AsOf is the date a request is about.
type AsOf struct {
	At string `query:"at" format:"date" doc:"as of this date (YYYY-MM-DD); today in China when absent"`
}

// Day is the date asked for.
func (a AsOf) Day() (geo.Day, error) {
	if a.At == "" {
		return geo.DayOf(time.Now()), nil
	}
	day, err := geo.ParseDay(a.At)
	if err != nil {
		return geo.Day{}, ErrDate.Because(err)
	}
	return day, nil
}

// ErrCursor is a cursor that no list gave.
var ErrCursor = fault.New(fault.Invalid, "cursor_malformed", "This cursor was not given by this list.")

// Number reads a cursor that is a number; "" is 0.
func Number(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return 0, ErrCursor
	}
	return n, nil
}

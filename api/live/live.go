// Package live serves what happens as server-sent events.
package live

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
	"wangge/geo/account"
	"wangge/geo/audit"
	"wangge/geo/live"
	"wangge/geo/pg"
	"wangge/geo/staff"
)

const (
	heartbeat = 15 * time.Second
	// patience is how long a reader may take nothing of what is sent; then it is dropped.
	patience = 30 * time.Second
	// longest is how long a stream lasts; the browser asks for the next one by itself.
	longest = time.Hour
	retry   = 3 * time.Second // what the browser is told to wait before that
)

// Mount adds /live.
func Mount(a route.API, db pg.DB, hub *live.Hub) {
	route.Get(a, "/live", route.Op{ID: "watch", May: staff.Place, Tag: "incidents",
		Summary: "What happens, as server-sent events",
		Description: `Events, each with a growing id and JSON:

- duty {"whole", "posts": [{"post", "kind", "unit", "on_duty", "since", "cell"}]}: posts on duty in units that you supervise; first the whole picture, in which nobody else is on duty, then changes. cell is H3 at resolution 8, null when no place of the last 10 minutes is known.
- incident {"id", "state", "category", "unit", "unit_name", "deadline", "overdue", "at_cell"}: how an incident stands after a step (several within a second come as one), or when it becomes overdue; at_cell is H3 at resolution 11.
- reset {}: something was missed, or more changed than is told one by one: read again what you show.

Last-Event-ID resumes for as long as the server remembers. A comment comes every 15 seconds. The stream ends after an hour, and when the session ends.`}, handler{a, db, hub}.watch)
}

type handler struct {
	api route.API
	db  pg.DB
	hub *live.Hub
}

type input struct {
	Last  string `header:"Last-Event-ID" doc:"id of the last event that came"`
	Once  bool   `query:"once" doc:"end after the first events: what there is now"`
	proof account.Proof
	known bool
	conn  net.Conn
}

// Resolve implements huma.Resolver.
func (in *input) Resolve(ctx huma.Context) []error {
	c := humafiber.Unwrap(ctx)
	bearer, _ := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	in.proof, in.known = account.ProofOf(route.SessionCookie.Read(c), bearer)
	in.conn = c.Context().Conn()
	return nil
}

func (h handler) watch(ctx context.Context, in *input) (*huma.StreamResponse, error) {
	actor := route.Actor(ctx)
	if !in.known && !in.Once { // nobody could end it
		return nil, staff.ErrSignedOut
	}
	var last int64
	if in.Last != "" {
		var err error
		if last, err = strconv.ParseInt(in.Last, 10, 64); err != nil || last <= 0 {
			last = 1 // long forgotten
		}
	}
	watcher, err := h.hub.Watch(actor, in.proof, last)
	if err != nil {
		return nil, err
	}
	if err := audit.Write(ctx, h.db, actor, "watch", "incident", "", nil); err != nil {
		watcher.Close()
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		c := humafiber.Unwrap(hc)
		c.Set(fiber.HeaderContentType, "text/event-stream")
		c.Set("X-Accel-Buffering", "no") // of a proxy
		c.Context().SetConnectionClose()
		// Written after the handler has returned, without the request's own deadline.
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			defer watcher.Close()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
			defer cancel()
			follow(ctx, watcher, w, in.conn, in.Once)
		})
	}}, nil
}

// follow writes events until the watcher has to end or the reader is gone.
func follow(ctx context.Context, watcher *live.Watcher, w *bufio.Writer, conn net.Conn, once bool) {
	fmt.Fprintf(w, "retry: %d\n\n", retry.Milliseconds())
	for {
		list, more := watcher.Next(ctx, heartbeat)
		if !more {
			return
		}
		if len(list) == 0 {
			_, _ = w.WriteString(":\n\n") // so that everybody knows that the other is there
		}
		for _, e := range list {
			fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, e.Name, e.Data)
		}
		if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return
		}
		if err := w.Flush(); err != nil || once {
			return
		}
	}
}

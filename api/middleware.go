package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"wangge/api/route"
	"wangge/geo/staff"
)

// middleware is what every request passes, in the order of the methods.
type middleware struct {
	log      *slog.Logger
	whoIs    func(ctx context.Context, session, bearer string) (staff.Actor, error)
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec

	transport Transport
	limits    limiters
	turns     chan struct{} // of large bodies
	blockKey  [32]byte      // of blockOf; another in every process
}

func newMiddleware(c Config) (*middleware, error) {
	m := &middleware{
		log: c.Log, whoIs: c.Identify, transport: c.Transport, limits: newLimiters(c.Transport.Limits), turns: make(chan struct{}, largeOnce),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wangge_http_requests_total", Help: "Requests by method, route and status."},
			[]string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wangge_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10}}, []string{"route"}),
	}
	rand.Read(m.blockKey[:])
	for _, collector := range []prometheus.Collector{m.requests, m.seconds} {
		if err := c.Metrics.Register(collector); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	return m, nil
}

// recover answers a panic and keeps serving.
func (m *middleware) recover(c *fiber.Ctx) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			m.log.Error("panic", "method", c.Method(), "route", c.Route().Path, "cause", cause, "stack", string(debug.Stack()))
			err = answerError(m.log)(c, fmt.Errorf("panic: %v", cause))
		}
	}()
	return c.Next()
}

// observe counts and times requests by their route, never by their path or
// query: those may hold an address.
func (m *middleware) observe(c *fiber.Ctx) error {
	start := time.Now()
	err := c.Next()
	if err != nil {
		err = c.App().ErrorHandler(c, err)
	}
	pattern := c.Route().Path
	m.requests.WithLabelValues(c.Method(), pattern, strconv.Itoa(c.Response().StatusCode())).Inc()
	m.seconds.WithLabelValues(pattern).Observe(time.Since(start).Seconds())
	return err
}

// noUse is what the page asks of no browser; a phone's place it does ask for.
const noUse = "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), serial=(), midi=(), display-capture=(), browsing-topics=()"

// headers are safe defaults; the page sets its own policy, with a nonce for each
// answer (package web).
func (m *middleware) headers(c *fiber.Ctx) error {
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("Referrer-Policy", "no-referrer")
	c.Set("X-Frame-Options", "DENY")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", noUse)
	// Not for this machine's own name, which other programs use without TLS.
	if c.Secure() && !isLoopback(hostOf(c)) {
		c.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(c.Path(), route.Prefix) {
		c.Set("Cache-Control", "no-store")
	}
	if strings.HasPrefix(c.Path(), route.Prefix) || strings.HasPrefix(c.Path(), tilesPath) {
		c.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	}
	return c.Next()
}

// Faults of where a request comes from.
var (
	errForeign = &route.Problem{Title: "Only pages of this server may ask for this.", Status: fiber.StatusForbidden, Code: "foreign_origin"}
	errHost    = &route.Problem{Title: "This server is not known by this name. The operator can allow it with --host.", Status: fiber.StatusMisdirectedRequest, Code: "foreign_host"}
)

// sameOrigin refuses what a page of another site makes a browser send: the host
// must be one of ours (a foreign name that points here is an attack), and a change
// must come from our own page, over the same protocol, or from no page at all.
func (m *middleware) sameOrigin(c *fiber.Ctx) error {
	if !m.transport.Serves(hostOf(c), localIP(c)) {
		return errHost
	}
	if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead {
		return c.Next()
	}
	if site := c.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errForeign
	}
	if origin := c.Get(fiber.HeaderOrigin); origin != "" && !strings.EqualFold(origin, c.Protocol()+"://"+string(c.Request().Host())) {
		return errForeign
	}
	return c.Next()
}

// identify finds who asks. A session that has ended is no error here: what needs
// a sign-in says so.
func (m *middleware) identify(c *fiber.Ctx) error {
	session := route.SessionCookie.Read(c)
	bearer, hasBearer := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	if !hasBearer {
		bearer = "" // another scheme is a matter of some proxy before us
	}
	if session == "" && !hasBearer {
		return c.Next()
	}
	actor, err := m.whoIs(c.UserContext(), session, bearer)
	if err != nil && !errors.Is(err, staff.ErrSignedOut) {
		return err
	}
	if err == nil {
		c.SetUserContext(route.WithActor(c.UserContext(), actor))
	}
	return c.Next()
}

// maxLinger is how many bytes of a refused body are read all the same.
const maxLinger = 16 << 20

// linger reads what is left of a body before the answer goes out: closing a
// connection on unread bytes resets it, and the client would see a broken
// connection where a refusal was sent.
func linger(c *fiber.Ctx) {
	if body := c.Request().BodyStream(); body != nil {
		_, _ = io.CopyN(io.Discard, body, maxLinger)
	}
}

// What a large body takes from memory, several times its length, is bounded: those of so
// many requests are read at once, and the others wait unread.
const (
	largeBody = 64 << 10 // bytes
	largeOnce = 32
	turnWait  = 10 * time.Second
)

// bound gives the request a deadline, which the database obeys, and bounds its body.
func (m *middleware) bound(c *fiber.Ctx) error {
	defer linger(c)
	timeout := Timeout
	length := c.Request().Header.ContentLength()
	isUpload := strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEMultipartForm)
	switch {
	case isUpload && length < 0:
		return fiber.ErrLengthRequired
	case isUpload && length > MaxUpload:
		return fiber.ErrRequestEntityTooLarge
	case isUpload:
		timeout = UploadTimeout
	case c.Method() == fiber.MethodPost && strings.HasPrefix(c.Path(), route.Prefix+"/plans/"):
		timeout = ChangeTimeout
	case length > maxBody:
		return fiber.ErrRequestEntityTooLarge
	}
	if length > largeBody && !isUpload {
		wait := time.NewTimer(turnWait)
		defer wait.Stop()
		select {
		case m.turns <- struct{}{}:
			defer func() { <-m.turns }()
		case <-wait.C:
			return tooMany(c, turnWait)
		}
	}
	// The framework wants a reader, even of nothing. A form has been read already,
	// its files to disk.
	if !isUpload && c.Request().BodyStream() == nil {
		c.Request().SetBodyStream(bytes.NewReader(nil), 0)
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), timeout)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

package route

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"wangge/geo/account"
)

// Cookie is what a browser keeps for us.
type Cookie struct{ plain, bound string }

// The cookies: the session; that somebody has signed in here before; a sign-in at
// a provider that has begun.
var (
	SessionCookie = Cookie{"wangge_session", "__Host-wangge"}
	DeviceCookie  = Cookie{"wangge_device", "__Host-wangge-device"}
	AttemptCookie = Cookie{"wangge_attempt", "__Host-wangge-attempt"}
)

// Name is the cookie's name. Over TLS it is bound to the host; plain HTTP, which
// is for this machine only, knows no such cookie.
func (c Cookie) Name(tls bool) string {
	if tls {
		return c.bound
	}
	return c.plain
}

// Read is the cookie's value in a request.
func (c Cookie) Read(in *fiber.Ctx) string { return in.Cookies(c.Name(ReachOf(in.UserContext()).TLS)) }

// Set gives the browser a value to keep until a time; "" takes it away. No script
// reads it, and only our own pages send it, but for an attempt: the browser comes
// back from the provider with that.
func (c Cookie) Set(in *fiber.Ctx, value string, until time.Time) {
	tls := ReachOf(in.UserContext()).TLS
	cookie := fiber.Cookie{Name: c.Name(tls), Value: value, Path: "/", HTTPOnly: true, Secure: tls, SameSite: fiber.CookieSameSiteStrictMode, Expires: until}
	if c == AttemptCookie {
		cookie.SameSite = fiber.CookieSameSiteLaxMode
	}
	if value == "" {
		cookie.Expires = time.Unix(1, 0)
	}
	in.Cookie(&cookie)
}

// VisitOf is what a request tells about where it comes from.
func VisitOf(in *fiber.Ctx) account.Visit {
	from := ReachOf(in.UserContext()).Client
	forwarded := in.Get(fiber.HeaderXForwardedFor) != "" || in.Get("Forwarded") != "" || in.Get("X-Real-Ip") != ""
	return account.Visit{
		From:    from,
		Local:   from.IsLoopback() && !forwarded, // a proxy on this machine stands for others
		Agent:   account.Agent(in.Get(fiber.HeaderUserAgent)),
		Session: SessionCookie.Read(in),
		Device:  DeviceCookie.Read(in),
	}
}

// Keep gives the browser the secrets of a session just made.
func Keep(in *fiber.Ctx, s account.Signed) {
	SessionCookie.Set(in, s.Session, s.ExpiresAt)
	DeviceCookie.Set(in, s.Device, time.Now().Add(account.Remembered))
}

// Visitor is the part of an input that tells of the browser. It may be used
// until the handler returns.
type Visitor struct{ in *fiber.Ctx }

// Resolve implements huma.Resolver.
func (v *Visitor) Resolve(ctx huma.Context) []error {
	v.in = humafiber.Unwrap(ctx)
	return nil
}

// Visit is what the request tells about where it comes from.
func (v *Visitor) Visit() account.Visit { return VisitOf(v.in) }

// Keep gives the browser the secrets of a session just made.
func (v *Visitor) Keep(s account.Signed) { Keep(v.in, s) }

// KeepDevice makes the browser known.
func (v *Visitor) KeepDevice(device string) {
	DeviceCookie.Set(v.in, device, time.Now().Add(account.Remembered))
}

// Forget takes the session away.
func (v *Visitor) Forget() { SessionCookie.Set(v.in, "", time.Time{}) }

// Wait tells a client in a header how long to wait, if err says so, and returns err.
func (v *Visitor) Wait(err error) error {
	var w account.Wait
	if errors.As(err, &w) {
		v.in.Set("Retry-After", strconv.Itoa(int(math.Ceil(w.For.Seconds()))))
	}
	return err
}

var _ huma.Resolver = (*Visitor)(nil)

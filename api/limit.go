package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/time/rate"

	"wangge/api/route"
	"wangge/geo/fault"
)

// Budget is how often something may be asked for: on the average, and at once.
type Budget struct {
	PerSecond rate.Limit
	Burst     int // 0 = without limit
}

// PerMinute makes a budget of so many a minute.
func PerMinute(n float64, burst int) Budget {
	return Budget{PerSecond: rate.Limit(n / 60), Burst: burst}
}

// Limits are the budgets of one address and of one account. Offices share an
// address, so that of an address is wider.
type Limits struct {
	SignIn  Budget // tries of an address; wrong passwords are slowed down by the account as well
	Public  Budget // look-ups of an address without a sign-in
	Report  Budget // reports of residents, of a block of addresses
	Photo   Budget // pieces of residents' photos, of a block of addresses
	Address Budget // everything of an address but tiles
	Account Budget // everything of an account but tiles
	Tiles   Budget // of an address
	Phones  Budget // deliveries of an address: a mobile network puts all officers behind a few
}

// DefaultLimits let an office of a hundred work behind one address, and a machine
// that tries passwords or collects addresses not get far.
var DefaultLimits = Limits{
	SignIn:  PerMinute(30, 60),
	Public:  PerMinute(30, 30),
	Report:  PerMinute(1, 20),
	Photo:   Budget{PerSecond: 480.0 / (24 * 60 * 60), Burst: 120}, // 60 MB at once, and 240 MB more a day
	Address: Budget{PerSecond: 200, Burst: 1000},
	Account: Budget{PerSecond: 50, Burst: 400},
	Tiles:   Budget{PerSecond: 1000, Burst: 5000},
	Phones:  Budget{PerSecond: 2000, Burst: 20_000},
}

// The paths with a budget of their own.
const (
	signInPath  = route.Prefix + "/session"
	publicPath  = route.Prefix + "/public"
	tilesPath   = "/tiles/"
	receiptPath = route.Prefix + "/public/receipts/"
	reportPath  = route.Prefix + "/public/incidents"
	open311Path = "/open311/"
	phonesPath  = route.Prefix + "/deliveries"
)

// errTooMany says when to come back, in Retry-After.
var errTooMany = fault.New(fault.TooMany, "too_many_requests", "Too many requests. Wait a moment and try again.")

// limiters are the buckets of every budget.
type limiters struct{ signIn, public, report, photo, address, account, tiles, phones *buckets }

func newLimiters(l Limits) limiters {
	return limiters{newBuckets(l.SignIn), newBuckets(l.Public), newBuckets(l.Report), newBuckets(l.Photo), newBuckets(l.Address), newBuckets(l.Account), newBuckets(l.Tiles), newBuckets(l.Phones)}
}

// limitAddress spends from the budgets of the client's address.
func (m *middleware) limitAddress(c *fiber.Ctx) error {
	key, path := networkOf(route.ReachOf(c.UserContext()).Client), c.Path()
	var spend []*buckets
	switch {
	case strings.HasPrefix(path, tilesPath):
		spend = []*buckets{m.limits.tiles}
	case path == phonesPath:
		spend = []*buckets{m.limits.phones}
	case strings.HasPrefix(path, signInPath) && c.Method() == fiber.MethodPost:
		spend = []*buckets{m.limits.signIn, m.limits.address}
	case (strings.HasPrefix(path, publicPath) || strings.HasPrefix(path, open311Path)) && c.Method() == fiber.MethodPost:
		spend = []*buckets{m.limits.public, m.limits.address}
	default:
		spend = []*buckets{m.limits.address}
	}
	for _, b := range spend {
		if wait := b.take(key, time.Now()); wait > 0 {
			return tooMany(c, wait)
		}
	}
	var ofBlock *buckets
	switch {
	case c.Method() == fiber.MethodPost && (path == reportPath || strings.HasPrefix(path, open311Path)):
		ofBlock = m.limits.report
	case c.Method() == fiber.MethodPut && strings.HasPrefix(path, receiptPath):
		ofBlock = m.limits.photo
	}
	if ofBlock != nil {
		if wait := ofBlock.take(m.blockOf(route.ReachOf(c.UserContext()).Client), time.Now()); wait > 0 {
			return tooMany(c, wait)
		}
	}
	return c.Next()
}

// limitAccount spends from the budget of who has signed in.
func (m *middleware) limitAccount(c *fiber.Ctx) error {
	account := route.Actor(c.UserContext()).Account
	if account == 0 || strings.HasPrefix(c.Path(), tilesPath) {
		return c.Next()
	}
	if wait := m.limits.account.take(strconv.FormatInt(account, 10), time.Now()); wait > 0 {
		return tooMany(c, wait)
	}
	return c.Next()
}

func tooMany(c *fiber.Ctx, wait time.Duration) error {
	c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return errTooMany
}

// networkOf is whose budget an address spends: its own, of IPv6 that of its /64,
// all of which one subscriber has.
func networkOf(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// blockOf is whose reports are counted together: 256 neighbouring addresses, of IPv6 a /48.
// What is kept is a digest under a key of this process, so that the address of a resident
// stands nowhere once the request is over.
func (m *middleware) blockOf(a netip.Addr) string {
	bits := 24
	if a.Is6() && !a.Is4In6() {
		bits = 48
	}
	a = a.Unmap()
	p, err := a.Prefix(bits)
	if err != nil {
		p = netip.PrefixFrom(a, a.BitLen())
	}
	mac := hmac.New(sha256.New, m.blockKey[:])
	mac.Write([]byte(p.String()))
	return string(mac.Sum(nil))
}

// maxBuckets bounds the memory of one budget, about 10 MB.
const maxBuckets = 50_000

// buckets are the token buckets of one budget by key.
type buckets struct {
	budget Budget
	max    int
	mu     sync.Mutex
	of     map[string]*rate.Limiter
	swept  time.Time // when full buckets were forgotten last
}

func newBuckets(b Budget) *buckets {
	return &buckets{budget: b, max: maxBuckets, of: map[string]*rate.Limiter{}}
}

// take spends one token of a key at now, or says how long to wait for the next.
func (b *buckets) take(key string, now time.Time) (wait time.Duration) {
	if b.budget.Burst == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forget(now)
	limiter, ok := b.of[key]
	if !ok {
		b.makeRoom(now)
		limiter = rate.NewLimiter(b.budget.PerSecond, b.budget.Burst)
		b.of[key] = limiter
	}
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return max(time.Millisecond, time.Duration(missing/float64(b.budget.PerSecond)*float64(time.Second)))
}

// forgetAfter is how long a bucket may be kept that is full again.
const forgetAfter = time.Minute

// forget drops full buckets, which say nothing but that somebody was here.
func (b *buckets) forget(now time.Time) {
	if now.Sub(b.swept) < forgetAfter {
		return
	}
	b.swept = now
	for key, limiter := range b.of {
		if limiter.TokensAt(now) >= float64(b.budget.Burst) {
			delete(b.of, key)
		}
	}
}

// makeRoom forgets full buckets, which say nothing, when the table is full; when
// none is, any of them: somebody has many addresses, and memory is what counts.
func (b *buckets) makeRoom(now time.Time) {
	if len(b.of) < b.max {
		return
	}
	b.swept = time.Time{}
	b.forget(now)
	for key := range b.of {
		if len(b.of) <= b.max*9/10 {
			return
		}
		delete(b.of, key)
	}
}

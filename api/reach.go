package api

import (
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"

	"wangge/api/route"
)

// Transport is what the operator says about how we are reached.
type Transport struct {
	// Hosts are the names and addresses under which people open the page, beside
	// those of this machine for itself. A page of another name that points here is
	// an attack (DNS rebinding).
	Hosts []string
	// Proxies are whose X-Forwarded-For and X-Forwarded-Proto are believed.
	Proxies []netip.Prefix
	Limits  Limits
}

func (t Transport) proxies() []string {
	list := make([]string, len(t.Proxies))
	for i, p := range t.Proxies {
		list[i] = p.String()
	}
	return list
}

func (t Transport) trusts(address netip.Addr) bool {
	for _, p := range t.Proxies {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// client is where a request came from: the sender, or, when that is a trusted
// proxy, the last address in X-Forwarded-For that is none. What stands before it
// the client may have written itself.
func (t Transport) client(sender netip.Addr, forwarded string) netip.Addr {
	sender = sender.Unmap()
	hops := strings.Split(forwarded, ",")
	for i := len(hops) - 1; i >= 0 && t.trusts(sender); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		sender = hop.Unmap()
	}
	return sender
}

// Serves reports whether host (without port) is one of ours: a name of this
// machine for itself, a configured one, or the very address that was connected to.
func (t Transport) Serves(host string, connected net.IP) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if isLoopback(host) {
		return true
	}
	if ip := net.ParseIP(host); ip != nil && ip.Equal(connected) {
		return true
	}
	for _, ours := range t.Hosts {
		if strings.EqualFold(host, ours) {
			return true
		}
	}
	return false
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hostOf is the Host header without port and brackets.
func hostOf(c *fiber.Ctx) string {
	whole := string(c.Request().Host())
	host, _, err := net.SplitHostPort(whole)
	if err != nil {
		host = whole
	}
	return strings.Trim(host, "[]")
}

// localIP is the address of ours that was connected to.
func localIP(c *fiber.Ctx) net.IP { return c.Context().LocalIP() }

// reach notes how the request came.
func (m *middleware) reach(c *fiber.Ctx) error {
	sender, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	c.SetUserContext(route.WithReach(c.UserContext(), route.Reach{
		TLS:    c.Secure(),
		Secure: c.Secure() || isLoopback(hostOf(c)),
		Client: m.transport.client(sender, c.Get(fiber.HeaderXForwardedFor)),
	}))
	return c.Next()
}

// localOnly hides what is for programs of this machine.
func (m *middleware) localOnly(c *fiber.Ctx) error {
	if !isLoopback(hostOf(c)) || !route.ReachOf(c.UserContext()).Client.IsLoopback() {
		return fiber.ErrNotFound
	}
	return c.Next()
}

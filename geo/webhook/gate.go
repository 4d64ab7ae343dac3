package webhook

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Gate says which addresses may be told. An administrator chooses them, who does not run the
// server: so that nobody reaches through us what only this machine can, addresses that are
// not public are refused unless Networks has them, which the operator names. It is asked of
// the address itself when the connection is made, after names are looked up, and no redirect
// is followed.
type Gate struct {
	Networks []netip.Prefix
}

// Check refuses a URL that is never told.
func (g Gate) Check(text string) error {
	u, err := url.Parse(text)
	if err != nil || len(text) > 500 || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return ErrURL
	}
	host := u.Hostname()
	if u.Scheme != "https" && !(u.Scheme == "http" && host == "127.0.0.1") {
		return ErrURL
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && !g.admits(ip) {
		return ErrAddress
	}
	return nil
}

// reserved are networks that are nobody's on the Internet, or lead elsewhere.
var reserved = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10")

func prefixes(list ...string) (out []netip.Prefix) {
	for _, text := range list {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func (g Gate) admits(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	within := func(p netip.Prefix) bool { return p.Contains(ip) }
	if slices.ContainsFunc(g.Networks, within) {
		return true
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(reserved, within)
}

// timeout is how long a gateway may take to answer.
const timeout = 10 * time.Second

// client speaks to gateways: directly, for a proxy would look names up itself.
func (g Gate) client() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !g.admits(at.Addr()) {
			return ErrAddress
		}
		return nil
	}}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: nil, DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second,
			ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true},
	}
}

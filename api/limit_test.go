package api

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestABudgetIsSpentAndComesBack(t *testing.T) {
	now := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	b := newBuckets(PerMinute(6, 3))
	for i := range 3 {
		if wait := b.take("a", now); wait != 0 {
			t.Fatalf("request %d waits %v; three at once are allowed", i+1, wait)
		}
	}
	if wait := b.take("a", now); wait < 9*time.Second || wait > 10*time.Second {
		t.Errorf("the fourth waits %v, want 10 s", wait)
	}
	if wait := b.take("b", now); wait != 0 {
		t.Errorf("somebody else waits %v", wait)
	}
	for range 50 {
		b.take("a", now) // asking again does not make it longer
	}
	if wait := b.take("a", now.Add(10*time.Second)); wait != 0 {
		t.Errorf("after ten seconds it still waits %v", wait)
	}
	if wait := b.take("a", now.Add(10*time.Second)); wait == 0 {
		t.Error("ten seconds gave two tokens")
	}
	if wait := newBuckets(Budget{}).take("a", now); wait != 0 {
		t.Errorf("without a limit it waits %v", wait)
	}
}

func TestTheTableOfBucketsIsBounded(t *testing.T) {
	now := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	b := newBuckets(PerMinute(60, 2))
	b.max = 100
	for i := range 10_000 {
		b.take(fmt.Sprint(i), now)
		b.take(fmt.Sprint(i), now)
		if len(b.of) > 100 {
			t.Fatalf("%d buckets after %d keys", len(b.of), i)
		}
	}
	later := now.Add(time.Hour) // all are full again
	b.take("spender", later)
	for i := range 98 {
		b.take(fmt.Sprint("x", i), later.Add(-time.Hour))
	}
	b.take("spender", later)
	b.take("new", later)
	if b.take("spender", later) == 0 {
		t.Error("a spent bucket was forgotten while there were full ones")
	}
}

func TestANetworkOfIPv6SpendsOneBudget(t *testing.T) {
	for _, tt := range []struct{ address, want string }{
		{"192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2::7", "2001:db8:1:2::/64"},
		{"2001:db8:1:2:ffff::", "2001:db8:1:2::/64"},
	} {
		if got := networkOf(netip.MustParseAddr(tt.address)); got != tt.want {
			t.Errorf("%s spends from %s, want %s", tt.address, got, tt.want)
		}
	}
}

func TestOnlyTrustedProxiesSayWhoTheClientIs(t *testing.T) {
	proxies := Transport{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("127.0.0.1/32")}}
	tests := []struct {
		name      string
		t         Transport
		sender    string
		forwarded string
		want      string
	}{
		{"no proxy, no header", Transport{}, "192.0.2.7", "", "192.0.2.7"},
		{"nobody is trusted", Transport{}, "127.0.0.1", "198.51.100.1", "127.0.0.1"},
		{"a stranger says who it is", proxies, "192.0.2.7", "198.51.100.1", "192.0.2.7"},
		{"a proxy says it", proxies, "10.0.0.3", "198.51.100.1", "198.51.100.1"},
		{"two proxies", proxies, "127.0.0.1", "198.51.100.1, 10.0.0.9", "198.51.100.1"},
		{"what the client wrote before it", proxies, "10.0.0.3", "1.1.1.1, 198.51.100.1", "198.51.100.1"},
		{"nonsense", proxies, "10.0.0.3", "1.1.1.1, unknown", "10.0.0.3"},
		{"mapped", proxies, "::ffff:10.0.0.3", "::ffff:198.51.100.1", "198.51.100.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.t.client(netip.MustParseAddr(tt.sender), tt.forwarded); got.String() != tt.want {
				t.Errorf("client %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWeServeOurOwnNamesOnly(t *testing.T) {
	ours := Transport{Hosts: []string{"grid.example.cn", "192.168.1.9"}}
	connected := net.ParseIP("192.168.1.5")
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"grid.example.cn": true, "GRID.example.CN": true, "grid.example.cn.": true,
		"192.168.1.5": true, "192.168.1.9": true, "192.168.1.6": false,
		"example.com": false, "evil-grid.example.cn": false, "localhost.example.com": false, "": false, "127.0.0.1.example.com": false,
	} {
		if got := ours.Serves(host, connected); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

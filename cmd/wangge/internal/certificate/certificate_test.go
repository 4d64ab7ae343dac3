package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var names = []string{"grid.example.cn", "localhost", "192.168.1.5", "203.0.113.9"}

func local(t *testing.T) Local {
	t.Helper()
	return Local{Folder: filepath.Join(t.TempDir(), "tls"), Names: names, Now: time.Now}
}

// trusting is a client that has the authority installed.
func trusting(t *testing.T, l Local) *x509.CertPool {
	t.Helper()
	text, _, err := l.CA()
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		t.Fatal("the authority is no certificate")
	}
	return pool
}

func TestTheLocalAuthorityVouchesForTheServer(t *testing.T) {
	l := local(t)
	if _, _, err := l.CA(); !errors.Is(err, ErrNoCA) {
		t.Errorf("before it is made: %v, want ErrNoCA", err)
	}
	c, err := l.Load()
	if err != nil {
		t.Fatal(err)
	}
	pool := trusting(t, l)
	for _, name := range names {
		if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "example.com"}); err == nil {
		t.Error("it is good for another name")
	}
	if days := c.Leaf.NotAfter.Sub(c.Leaf.NotBefore).Hours() / 24; days > 398 {
		t.Errorf("valid for %.0f days; phones take 398", days)
	}
	for _, file := range []string{l.caKeyFile(), l.keyFile()} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", file, info.Mode(), err)
		}
	}
	again, err := l.Load()
	if err != nil || !again.Leaf.Equal(c.Leaf) {
		t.Errorf("at the next start it is another one: %v", err)
	}
}

// Whoever steals the authority's key from the server cannot pose as a bank.
func TestTheAuthorityIsBoundToOurNames(t *testing.T) {
	l := local(t)
	if _, err := l.Load(); err != nil {
		t.Fatal(err)
	}
	ca, key, err := l.authority()
	if err != nil {
		t.Fatal(err)
	}
	thief := l
	for _, name := range []string{"bank.example.com", "example.cn", "8.8.8.8"} {
		thief.Names = []string{name}
		c, err := thief.issue(ca, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: trusting(t, l), DNSName: name}); err == nil {
			t.Errorf("clients believe it about %s", name)
		}
		if _, err := thief.Load(); err == nil {
			t.Errorf("we made a certificate for %s that no client believes", name)
		}
	}
	if ca.MaxPathLen != 0 || !ca.MaxPathLenZero {
		t.Error("it may make other authorities")
	}
}

func TestTheServersCertificateIsRenewedByItself(t *testing.T) {
	l := local(t)
	first, err := l.Load()
	if err != nil {
		t.Fatal(err)
	}
	if l.Stale(first) {
		t.Error("a new one is stale")
	}
	later := l
	later.Now = func() time.Time { return time.Now().AddDate(0, 0, serverDays-renewDays+1) }
	if !later.Stale(first) {
		t.Error("a month before its end it is not renewed")
	}
	second, err := later.Load()
	if err != nil || second.Leaf.Equal(first.Leaf) || !second.Leaf.NotAfter.After(first.Leaf.NotAfter) {
		t.Errorf("renewed until %v, %v", second.Leaf.NotAfter, err)
	}
	if err := second.Leaf.CheckSignatureFrom(mustCA(t, l)); err != nil {
		t.Errorf("phones would have to install a new authority: %v", err)
	}
	more := l
	more.Names = append(slices.Clone(names), "192.168.7.7")
	if !more.Stale(second) {
		t.Error("a new address needs no new certificate")
	}
	if c, err := more.Load(); err != nil || c.Leaf.VerifyHostname("192.168.7.7") != nil {
		t.Errorf("with another address: %v", err)
	}
}

func mustCA(t *testing.T, l Local) *x509.Certificate {
	t.Helper()
	ca, _, err := l.authority()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestADamagedAuthorityIsNotReplacedInSilence(t *testing.T) {
	l := local(t)
	if _, err := l.Load(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.caKeyFile(), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Load(); err == nil {
		t.Error("a new authority was made; every phone would refuse us")
	}
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	one, two := local(t), local(t)
	for _, l := range []Local{one, two} {
		if _, err := l.Load(); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	f := &Files{Cert: filepath.Join(folder, "c.pem"), Key: filepath.Join(folder, "k.pem")}
	if _, err := f.Load(); err == nil {
		t.Error("missing files were loaded")
	}
	put := func(l Local) {
		t.Helper()
		for from, to := range map[string]string{l.serverFile(): f.Cert, l.keyFile(): f.Key} {
			text, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(one)
	config, err := Config(f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	k := &keeper{source: f, log: slog.New(slog.DiscardHandler)}
	if k.current, err = f.Load(); err != nil {
		t.Fatal(err)
	}
	first := k.current
	put(two)
	if got, _ := k.get(nil); got == first {
		t.Error("the new certificate is not presented")
	}
	if err := os.WriteFile(f.Cert, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	k.looked = time.Time{}
	if got, err := k.get(nil); err != nil || got == nil {
		t.Errorf("while a file is damaged the last one stays; got %v, %v", got, err)
	}
	if config.MinVersion != tls.VersionTLS12 {
		t.Errorf("least version %x", config.MinVersion)
	}
}

func TestTheServerSpeaksToClientsThatTrustIt(t *testing.T) {
	l := local(t)
	config, err := Config(l, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = conn.(*tls.Conn).Handshake(); conn.Close() }()
		}
	}()
	for _, tt := range []struct {
		name   string
		client *tls.Config
		want   bool
	}{
		{"with the authority", &tls.Config{RootCAs: trusting(t, l), ServerName: "grid.example.cn"}, true},
		{"without it", &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "grid.example.cn"}, false},
		{"with TLS 1.1", &tls.Config{RootCAs: trusting(t, l), ServerName: "grid.example.cn", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
	} {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", listener.Addr().String(), tt.client)
		if (err == nil) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

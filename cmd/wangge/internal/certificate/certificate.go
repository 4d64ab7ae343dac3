// Package certificate gives the server its TLS certificate: one that the operator
// brings, read again when its files change, or one of a certificate authority of
// our own, for a town hall without a public name. Phones need a secure origin to
// work without a network and to know where they are, so an own authority is worth
// installing on them; it is bound to our names and to private networks, and can
// vouch for nothing else.
package certificate

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Source gives the certificate to present.
type Source interface {
	// Load reads or makes the certificate.
	Load() (*tls.Certificate, error)
	// Stale reports whether it should be loaded again.
	Stale(current *tls.Certificate) bool
}

// look is how often a source is asked whether its certificate is stale.
const look = 10 * time.Second

// Config is the TLS of a server that presents the certificate of a source. One
// that cannot be renewed stays, and the log says why.
func Config(source Source, log *slog.Logger) (*tls.Config, error) {
	current, err := source.Load()
	if err != nil {
		return nil, err
	}
	k := &keeper{source: source, log: log, current: current, looked: time.Now()}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: k.get}, nil
}

// keeper keeps the certificate in memory.
type keeper struct {
	source Source
	log    *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	looked  time.Time
}

func (k *keeper) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.looked) < look {
		return k.current, nil
	}
	k.looked = time.Now()
	if !k.source.Stale(k.current) {
		return k.current, nil
	}
	renewed, err := k.source.Load()
	if err != nil {
		k.log.Error("the TLS certificate could not be renewed; the old one stays", "err", err)
		return k.current, nil
	}
	k.log.Info("TLS certificate renewed", "until", renewed.Leaf.NotAfter.Format(time.DateOnly))
	k.current = renewed
	return renewed, nil
}

// Files is a certificate with its chain and its key, in PEM, that the operator
// looks after.
type Files struct {
	Cert, Key string

	read string // what the files were when they were read
}

// Load reads the files.
func (f *Files) Load() (*tls.Certificate, error) {
	read := f.state()
	c, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate %s with key %s: %w", f.Cert, f.Key, err)
	}
	f.read = read
	return &c, nil
}

// Stale reports whether a file was replaced.
func (f *Files) Stale(*tls.Certificate) bool { return f.state() != f.read }

func (f *Files) state() (s string) {
	for _, name := range []string{f.Cert, f.Key} {
		if info, err := os.Stat(name); err == nil {
			s += fmt.Sprint(info.ModTime().UnixNano(), " ", info.Size(), " ")
		}
	}
	return s
}

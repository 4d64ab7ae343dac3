package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Validity of what we make. Phones take a server certificate of at most 398 days.
const (
	caYears    = 10
	serverDays = 397
	renewDays  = 30 // before the end
)

// Local is an authority of our own and the certificate that it gives the server.
type Local struct {
	Folder string   // of the keys; only its owner may read them
	Names  []string // names and addresses of the server
	Now    func() time.Time
}

// The files in the folder.
func (l Local) caFile() string     { return filepath.Join(l.Folder, "ca.crt") }
func (l Local) caKeyFile() string  { return filepath.Join(l.Folder, "ca.key") }
func (l Local) serverFile() string { return filepath.Join(l.Folder, "server.crt") }
func (l Local) keyFile() string    { return filepath.Join(l.Folder, "server.key") }

// ErrNoCA means that no authority was made yet.
var ErrNoCA = errors.New("there is no certificate authority yet; wangge up --tls local makes it")

// CA returns the authority's certificate: in PEM, with the fingerprint that people
// compare when they install it.
func (l Local) CA() (text []byte, fingerprint string, err error) {
	text, err = os.ReadFile(l.caFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("%s: %w", l.Folder, ErrNoCA)
	}
	if err != nil {
		return nil, "", fmt.Errorf("certificate authority: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, "", fmt.Errorf("certificate authority %s: no PEM", l.caFile())
	}
	sum := sha256.Sum256(block.Bytes)
	return text, strings.ToUpper(hex.EncodeToString(sum[:])), nil
}

// Load returns the server's certificate, made anew when it ends soon or lacks a name.
func (l Local) Load() (*tls.Certificate, error) {
	ca, key, err := l.authority()
	if err != nil {
		return nil, err
	}
	for _, name := range l.Names {
		if !covers(ca, name) {
			return nil, fmt.Errorf("the certificate authority in %s may not vouch for %s. "+
				"Remove the folder to make a new one, which every phone and computer must install, or use a certificate of your own with --tls-cert", l.Folder, name)
		}
	}
	if c, err := tls.LoadX509KeyPair(l.serverFile(), l.keyFile()); err == nil && !l.Stale(&c) && c.Leaf.CheckSignatureFrom(ca) == nil {
		return &c, nil
	}
	return l.issue(ca, key)
}

// Stale reports whether the certificate ends soon or is for other names.
func (l Local) Stale(current *tls.Certificate) bool {
	if l.Now().After(current.Leaf.NotAfter.AddDate(0, 0, -renewDays)) {
		return true
	}
	dns, ips := split(l.Names)
	return !slices.Equal(dns, current.Leaf.DNSNames) || !slices.EqualFunc(ips, current.Leaf.IPAddresses, net.IP.Equal)
}

// authority reads the authority, or makes it.
func (l Local) authority() (*x509.Certificate, crypto.Signer, error) {
	pair, err := tls.LoadX509KeyPair(l.caFile(), l.caKeyFile())
	if err == nil {
		if l.Now().After(pair.Leaf.NotAfter) {
			return nil, nil, fmt.Errorf("the certificate authority in %s ended on %s. Remove the folder to make a new one", l.Folder, pair.Leaf.NotAfter.Format(time.DateOnly))
		}
		return pair.Leaf, pair.PrivateKey.(crypto.Signer), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("certificate authority in %s: %w", l.Folder, err)
	}
	return l.newAuthority()
}

// private are the networks that no public authority vouches for (RFC 1918, 4193,
// 3927, 4291 and this machine itself).
var private = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10"}

func (l Local) newAuthority() (*x509.Certificate, crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	now := l.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Wangge local CA " + now.Format(time.DateOnly), Organization: []string{"Wangge 网格"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(caYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true,
	}
	dns, ips := split(l.Names)
	template.PermittedDNSDomains = append(dns, "local", "localhost", "lan", "home.arpa", "internal")
	for _, network := range private {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			return nil, nil, err
		}
		template.PermittedIPRanges = append(template.PermittedIPRanges, n)
	}
	for _, ip := range ips {
		template.PermittedIPRanges = append(template.PermittedIPRanges, only(ip))
	}
	ca, err := l.write(l.caFile(), l.caKeyFile(), template, template, key, key)
	return ca, key, err
}

// only is the network of one address.
func only(ip net.IP) *net.IPNet {
	if v4 := ip.To4(); v4 != nil {
		ip = v4
	}
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(8*len(ip), 8*len(ip))}
}

// covers reports whether the authority may vouch for a name or address.
func covers(ca *x509.Certificate, name string) bool {
	if ip := net.ParseIP(name); ip != nil {
		return slices.ContainsFunc(ca.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(ip) })
	}
	return slices.ContainsFunc(ca.PermittedDNSDomains, func(domain string) bool {
		return strings.EqualFold(name, domain) || strings.HasSuffix(strings.ToLower(name), "."+strings.ToLower(domain))
	})
}

func (l Local) issue(ca *x509.Certificate, caKey crypto.Signer) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	now := l.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Wangge 网格"},
		NotBefore: now.Add(-time.Hour), NotAfter: earlier(now.AddDate(0, 0, serverDays), ca.NotAfter),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	template.DNSNames, template.IPAddresses = split(l.Names)
	if _, err := l.write(l.serverFile(), l.keyFile(), template, ca, key, caKey); err != nil {
		return nil, err
	}
	c, err := tls.LoadX509KeyPair(l.serverFile(), l.keyFile())
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return &c, nil
}

// write signs a certificate and keeps it with its key: the key first, so that a
// certificate that is there has one.
func (l Local) write(file, keyFile string, template, parent *x509.Certificate, key, signer crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	if err := os.MkdirAll(l.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	if err := replace(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})); err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	if err := replace(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})); err != nil {
		return nil, fmt.Errorf("TLS certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// replace writes a file of mode 0600 that is old or new, never half.
func replace(file string, text []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(file), ".draft-*")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	defer draft.Close()
	if _, err := draft.Write(text); err != nil {
		return err
	}
	if err := errors.Join(draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), file)
}

// split sorts names from addresses.
func split(names []string) (dns []string, ips []net.IP) {
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			ips = append(ips, ip)
		} else {
			dns = append(dns, name)
		}
	}
	return dns, ips
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil { // crypto/rand does not fail since Go 1.24
		panic(err)
	}
	return n.Add(n, big.NewInt(1))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

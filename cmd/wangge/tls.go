package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"wangge/api"
	"wangge/cmd/wangge/internal/certificate"
)

// reachFlags are an operator's choices about who reaches the page, and how.
type reachFlags struct {
	Listen     string   `default:"127.0.0.1:8080" variable:"WANGGE_LISTEN" placeholder:"ADDRESS" help:"Address of the page and the API. Others than this machine's own want TLS ($$WANGGE_LISTEN)."`
	Host       []string `variable:"WANGGE_HOST" placeholder:"NAME" help:"Name or address under which people open the page, such as grid.example.cn; requests for other names are refused ($$WANGGE_HOST)."`
	TLS        string   `name:"tls" enum:",local" default:"" variable:"WANGGE_TLS" placeholder:"local" help:"local: encrypt with a certificate of a certificate authority of our own; see wangge tls ca ($$WANGGE_TLS)."`
	TLSCert    string   `name:"tls-cert" type:"path" variable:"WANGGE_TLS_CERT" placeholder:"FILE" help:"Encrypt with this certificate and its chain (PEM); read again when it changes ($$WANGGE_TLS_CERT)."`
	TLSKey     string   `name:"tls-key" type:"path" variable:"WANGGE_TLS_KEY" placeholder:"FILE" help:"Its key (PEM) ($$WANGGE_TLS_KEY)."`
	Insecure   bool     `variable:"WANGGE_INSECURE" help:"Let others reach us without encryption: passwords and personal data can be read on the way ($$WANGGE_INSECURE)."`
	Redirect   string   `variable:"WANGGE_REDIRECT" placeholder:"ADDRESS" help:"Address where plain HTTP is sent on to HTTPS, such as :80 ($$WANGGE_REDIRECT)."`
	TrustProxy []string `name:"trust-proxy" variable:"WANGGE_TRUST_PROXY" placeholder:"NETWORK" help:"Address or network of a proxy whose X-Forwarded-For and X-Forwarded-Proto are believed ($$WANGGE_TRUST_PROXY)."`
}

func (f reachFlags) encrypts() bool { return f.TLS != "" || f.TLSCert != "" }

// isLocal reports whether only this machine can reach us.
func (f reachFlags) isLocal() bool {
	host, _, _ := net.SplitHostPort(f.Listen)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// check refuses what cannot be meant, before anything is started.
func (f reachFlags) check() error {
	if _, _, err := net.SplitHostPort(f.Listen); err != nil {
		return fmt.Errorf("--listen %s: %w", f.Listen, err)
	}
	if (f.TLSCert == "") != (f.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if f.TLS != "" && f.TLSCert != "" {
		return errors.New("--tls local makes a certificate: leave --tls-cert away, or --tls")
	}
	if f.Redirect != "" && !f.encrypts() {
		return errors.New("--redirect sends on to HTTPS, but nothing is encrypted: add --tls local or --tls-cert")
	}
	for _, name := range f.Host {
		if strings.ContainsAny(name, "/: ") && net.ParseIP(name) == nil {
			return fmt.Errorf("--host %s: a name or an address alone, without protocol and port", name)
		}
	}
	if f.isLocal() || f.encrypts() || f.Insecure {
		return nil
	}
	return fmt.Errorf("--listen %s lets others reach us, and nothing is encrypted: passwords and personal data could be read on the way. "+
		"Add --tls local, or --tls-cert and --tls-key. Behind a proxy that encrypts, listen on 127.0.0.1. (--insecure allows it all the same.)", f.Listen)
}

// transport is what the application is told.
func (f reachFlags) transport() (api.Transport, error) {
	t := api.Transport{Hosts: f.Host, Limits: api.DefaultLimits}
	if f.TLS == "local" {
		t.Hosts = append(slices.Clone(f.Host), machine()...)
	}
	for _, network := range f.TrustProxy {
		p, err := netip.ParsePrefix(network)
		if err != nil {
			a, err := netip.ParseAddr(network)
			if err != nil {
				return t, fmt.Errorf("--trust-proxy %s: an address or a network such as 10.0.0.0/24", network)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		t.Proxies = append(t.Proxies, p)
	}
	return t, nil
}

// listen takes the port before anything slow is done.
func (f reachFlags) listen() (net.Listener, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", f.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is used by another program (perhaps another wangge): stop that one, or choose another port, such as --listen 127.0.0.1:8081", f.Listen)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", f.Listen, err)
	}
	return listener, nil
}

// encrypt wraps a listener in TLS, if wanted. Folder is the data folder.
func (f reachFlags) encrypt(p *program, listener net.Listener, folder string) (net.Listener, error) {
	var source certificate.Source
	switch {
	case f.TLSCert != "":
		source = &certificate.Files{Cert: f.TLSCert, Key: f.TLSKey}
	case f.TLS == "local":
		source = localCA(folder, f.Host)
	default:
		if f.Insecure {
			p.log.Warn("others can reach us without encryption", "address", listener.Addr().String())
		}
		return listener, nil
	}
	config, err := certificate.Config(source, p.log)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(listener, config), nil
}

// localCA is the authority of a data folder, for the hosts and this machine.
func localCA(folder string, hosts []string) certificate.Local {
	names := append(slices.Clone(hosts), machine()...)
	slices.Sort(names)
	return certificate.Local{Folder: filepath.Join(folder, "tls"), Names: slices.Compact(names), Now: time.Now}
}

// machine is what others on the network call this machine, and what it calls itself.
func machine() []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if name, err := os.Hostname(); err == nil && name != "" && !strings.Contains(name, ".") {
		names = append(names, strings.ToLower(name)+".local")
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return names // only the machine's own names are left
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsPrivate() {
			names = append(names, n.IP.String())
		}
	}
	return names
}

// address is what people open in the browser.
func (f reachFlags) address(a net.Addr) string {
	_, port, _ := net.SplitHostPort(a.String()) // a TCP listener's address has a port
	scheme, host, standard := "http", "localhost", "80"
	if f.encrypts() {
		scheme, standard = "https", "443"
	}
	if len(f.Host) > 0 {
		host = f.Host[0]
	}
	if port != standard {
		host = net.JoinHostPort(host, port)
	}
	return scheme + "://" + host
}

// redirect answers plain HTTP with where the page is, until ctx ends.
func (f reachFlags) redirect(ctx context.Context, t api.Transport, listener net.Listener) error {
	if f.Redirect == "" {
		return nil
	}
	plain, err := net.Listen("tcp", f.Redirect)
	if err != nil {
		return fmt.Errorf("--redirect: %w", err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	server := &http.Server{
		Handler:     sendOn(t, port),
		ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, IdleTimeout: 5 * time.Second, MaxHeaderBytes: 8 << 10,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(plain) }()
	select {
	case err := <-ended:
		return fmt.Errorf("--redirect: %w", err)
	case <-ctx.Done():
		return server.Close()
	}
}

// sendOn sends people to the same page over HTTPS; to our own names only.
func sendOn(t api.Transport, port string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		var connected net.IP
		if a, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
			connected = a.IP
		}
		if !t.Serves(host, connected) {
			http.Error(w, "this server is not known by this name", http.StatusMisdirectedRequest)
			return
		}
		if port != "443" {
			host = net.JoinHostPort(host, port)
		} else if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}

// tlsCommand is about the certificate authority of --tls local.
type tlsCommand struct {
	CA tlsCA `cmd:"" name:"ca" help:"Print the authority's certificate, to install it on phones and computers."`
}

type tlsCA struct {
	Data string `default:"${data}" type:"path" variable:"WANGGE_FOLDER" placeholder:"FOLDER" help:"Data folder, by default ${data} ($$WANGGE_FOLDER)."`
	Out  string `type:"path" placeholder:"FILE" help:"Write it to a file instead, such as wangge-ca.crt."`
}

// installing is what people do with the certificate, in short; the manual has it step by step.
const installing = `
Fingerprint (SHA-256), to compare on the device / 指纹，安装时请核对:
  %s

Android   设置 › 安全 › 加密与凭据 › 安装证书 › CA 证书   Settings › Security › Encryption & credentials › Install a certificate › CA certificate
iOS       打开文件 › 设置 › 已下载描述文件 › 安装，再到 通用 › 关于本机 › 证书信任设置 打开信任
          open the file › Settings › Profile Downloaded › Install, then General › About › Certificate Trust Settings
Windows   certutil -addstore Root wangge-ca.crt   (以管理员身份 / as administrator)
Linux     cp wangge-ca.crt /usr/local/share/ca-certificates/ && update-ca-certificates
          Firefox: 设置 › 隐私与安全 › 查看证书 › 颁发机构 › 导入   Settings › Privacy & Security › View Certificates › Authorities › Import

It can vouch for this server's names and for private networks only. 该证书只能用于本服务器名称和内网地址。
`

// Run prints the certificate to standard output, and what to do with it beside it.
func (c *tlsCA) Run(p *program) error {
	text, fingerprint, err := localCA(c.Data, nil).CA()
	if err != nil {
		return err
	}
	if c.Out != "" {
		err = os.WriteFile(c.Out, text, 0o644)
	} else {
		_, err = p.stdout.Write(text)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stderr, installing, fingerprint)
	return nil
}

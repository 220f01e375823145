package wacloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/wacloud/wacloud/internal/netaddr"
)

// A media address comes from an answer, so it is checked like any input: the host against a list, and the address after
// DNS, at each hop.

// metaMediaHosts serve WhatsApp's media.
var metaMediaHosts = []string{"lookaside.fbsbx.com", "*.fbcdn.net"}

const maxMediaHops = 5

// refusedError is an address that a download does not go to.
type refusedError struct{ what string }

func (e *refusedError) Error() string { return e.what }

func checkMediaHosts(hosts []string) error {
	for _, h := range hosts {
		name := strings.TrimPrefix(h, "*.")
		_, notAddr := netip.ParseAddr(name)
		if name == "" || notAddr != nil && strings.ContainsAny(name, "*/:@?# ") {
			return fmt.Errorf("media host %q is not a host name without a port", clip(h, 80))
		}
	}
	return nil
}

// checkMediaURL refuses everything but https to an allowed host, and http where both the host and the base URL are
// loopback. An API on loopback is allowed to serve its own files.
func (s *settings) checkMediaURL(u *url.URL) error {
	host := u.Hostname()
	local := s.local && netaddr.IsLoopbackHost(host)
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return &refusedError{"the media URL is not https"}
	case u.User != nil, u.Opaque != "":
		return &refusedError{"the media URL is not plain"}
	case !s.mediaHostAllowed(host) && (!local || u.Host != s.base.Host):
		return &refusedError{fmt.Sprintf("the media URL's host %q is not among the allowed ones; WithMediaHosts adds hosts", maskText(clip(host, 80)))}
	case u.Port() != "" && u.Port() != "443" && !local:
		return &refusedError{"the media URL has a port"}
	default:
		return nil
	}
}

func (s *settings) mediaHostAllowed(host string) bool {
	allows := func(pattern string) bool {
		if parent, ok := strings.CutPrefix(pattern, "*"); ok {
			return len(host) > len(parent) && strings.EqualFold(host[len(host)-len(parent):], parent)
		}
		return strings.EqualFold(host, pattern)
	}
	return slices.ContainsFunc(metaMediaHosts, allows) || slices.ContainsFunc(s.mediaHosts, allows)
}

// newMediaHTTP is the client for downloads, made from a copy of the caller's.
func (s *settings) newMediaHTTP(own http.Client) *http.Client {
	own.Jar = nil
	own.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxMediaHops {
			return &refusedError{"the media URL is redirected too often"}
		}
		req.Header.Del("Authorization")
		req.Header.Del("Referer") // it may hold the signature of a media URL
		return s.checkMediaURL(req.URL)
	}
	own.Transport = s.guarded(own.Transport)
	return &own
}

// A wrapper is a transport around another one that lets us put a guarded one in its place, such as that of module otel.
type wrapper interface {
	http.RoundTripper
	Wrapped() http.RoundTripper                 // nil for the default one
	Around(http.RoundTripper) http.RoundTripper // a copy around another
}

func (s *settings) guarded(rt http.RoundTripper) http.RoundTripper {
	switch t := rt.(type) {
	case nil:
		return &defaultMediaTransport{guard: s.guard}
	case *http.Transport:
		return s.guard(t)
	case wrapper:
		return t.Around(s.guarded(t.Wrapped()))
	default: // not ours to look into
		return rt
	}
}

// defaultMediaTransport is a guarded copy of http.DefaultTransport, or what a test has put in its place.
type defaultMediaTransport struct {
	guard   func(*http.Transport) *http.Transport
	once    sync.Once
	guarded *http.Transport
}

func (d *defaultMediaTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	t, standard := http.DefaultTransport.(*http.Transport)
	if !standard {
		return http.DefaultTransport.RoundTrip(req)
	}
	d.once.Do(func() {
		t = t.Clone()
		t.DialContext = nil // for a dialer that checks before it connects
		d.guarded = d.guard(t)
	})
	return d.guarded.RoundTrip(req)
}

// guard copies a transport and makes the copy refuse addresses that are not public.
func (s *settings) guard(t *http.Transport) *http.Transport {
	t = t.Clone()
	t.DisableCompression = true
	t.DialContext = s.guardDial(t.DialContext)
	if t.DialTLSContext != nil {
		t.DialTLSContext = s.guardDial(t.DialTLSContext)
	}
	return t
}

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// guardDial checks the address that a name stands for. The default dialer never connects to a wrong one; what the
// caller's dialer connects to is looked at before anything is written. Only a proxy is dialled at a host that is not
// allowed, since the URL was checked before; where it may be is the caller's business.
func (s *settings) guardDial(dial dialFunc) dialFunc {
	open := (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	closed := (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second, Control: s.control}).DialContext
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		isProxy := err == nil && !s.mediaHostAllowed(host)
		switch {
		case dial == nil && isProxy:
			return open(ctx, network, addr)
		case dial == nil:
			return closed(ctx, network, addr)
		}
		conn, err := dial(ctx, network, addr)
		if err != nil || isProxy {
			return conn, err
		}
		if err := s.checkRemote(conn.RemoteAddr()); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, nil
	}
}

// control runs after DNS and before connecting.
func (s *settings) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !s.mayDial(ap.Addr()) {
		return errNotPublic
	}
	return nil
}

// checkRemote lets connections pass that are no network connections at all, such as pipes of a test.
func (s *settings) checkRemote(addr net.Addr) error {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && !s.mayDial(tcp.AddrPort().Addr()) {
		return errNotPublic
	}
	return nil
}

var errNotPublic = &refusedError{"the media host's address is not a public one"}

// mayDial reports whether an address is public, or loopback where the base URL is.
func (s *settings) mayDial(addr netip.Addr) bool {
	return netaddr.IsPublic(addr) || s.local && netaddr.Plain(addr).IsLoopback()
}

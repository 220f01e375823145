package simulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/wacloud/wacloud/internal/netaddr"
)

// Limits of what is fetched for the page.
const (
	maxLinkBytes = 16 << 20 // Meta's largest picture or video
	maxLinkHops  = 5
	linkTimeout  = 15 * time.Second
	linksAtOnce  = 8
)

// linkFetcher fetches what the bot links to: from loopback always, from public addresses where that is allowed, from
// private ones never.
type linkFetcher struct {
	remote    bool
	transport *http.Transport
	slots     chan struct{}
}

var errNotFetched = errors.New("the address is not fetched from here")

func newLinkFetcher(remote bool) linkFetcher {
	f := linkFetcher{remote: remote, slots: make(chan struct{}, linksAtOnce)}
	dialer := &net.Dialer{Timeout: linkTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		ap, err := netip.ParseAddrPort(address)
		if err != nil || !f.mayDial(ap.Addr()) {
			return errNotFetched
		}
		return nil
	}}
	f.transport = &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: linkTimeout, DisableCompression: true}
	return f
}

func (f linkFetcher) close() { f.transport.CloseIdleConnections() }

func (f linkFetcher) mayDial(addr netip.Addr) bool {
	return netaddr.Plain(addr).IsLoopback() || f.remote && netaddr.IsPublic(addr)
}

// allows reports whether an address is fetched at all. A name that only turns out to be loopback is not.
func (f linkFetcher) allows(link string) bool {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Host == "" {
		return false
	}
	return f.remote || netaddr.IsLoopbackHost(u.Hostname())
}

// fetch returns the file behind a link and its type.
func (f linkFetcher) fetch(ctx context.Context, link string) (mimeType string, data []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, linkTimeout)
	defer cancel()
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
	if err != nil {
		return "", nil, err
	}
	resp, err := f.client(netaddr.IsLoopbackHost(req.URL.Hostname())).Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("the link answers %d", resp.StatusCode)
	}
	data, err = io.ReadAll(io.LimitReader(resp.Body, maxLinkBytes+1))
	if err == nil && len(data) > maxLinkBytes {
		err = errors.New("the file is larger than 16 MiB")
	}
	return resp.Header.Get("Content-Type"), data, err
}

// client follows redirects to where a link may lead: from the internet not to this machine.
func (f linkFetcher) client(local bool) *http.Client {
	return &http.Client{Transport: f.transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= maxLinkHops || !f.allows(req.URL.String()) || netaddr.IsLoopbackHost(req.URL.Hostname()) && !local {
			return errNotFetched
		}
		return nil
	}}
}

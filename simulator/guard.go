package simulator

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// contentSecurityPolicy lets the page load nothing but its own: no inline code, no other host, no frame around it.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard keeps out who is not on this machine and what a foreign page makes a browser ask.
func (s *Simulator) guard(next http.Handler) http.Handler {
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusForbidden, "another page asks this of the browser: only the simulator's own may")
	}))
	guarded := origins.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		switch {
		case !s.opts.AllowRemote && !isLoopbackAddr(r.RemoteAddr):
			refuse(w, http.StatusForbidden, "only this machine is served")
		case !s.knowsHost(r.Host):
			refuse(w, http.StatusForbidden, "this is not the name of the simulator: call it by localhost or 127.0.0.1")
		default:
			guarded.ServeHTTP(w, r)
		}
	})
}

func isLoopbackAddr(hostPort string) bool {
	addr, err := netip.ParseAddrPort(hostPort)
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

// knowsHost stands against names that an attacker lets resolve to this machine.
func (s *Simulator) knowsHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if addr, err := netip.ParseAddr(name); err == nil && addr.Unmap().IsLoopback() {
		return true
	}
	same := func(known string) bool { return strings.EqualFold(known, name) }
	return same("localhost") || slices.ContainsFunc(s.opts.Hosts, same)
}

// cookieName differs between simulators, because browsers share cookies between the ports of a host.
func (s *Simulator) cookieName() string {
	sum := sha256.Sum256([]byte(s.secrets.control))
	return "wasim-" + hex.EncodeToString(sum[:4])
}

// admits reports whether a request carries the start-up token.
func (s *Simulator) admits(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		cookie, err := r.Cookie(s.cookieName())
		if err != nil {
			return false
		}
		token = cookie.Value
	}
	return s.isControlToken(token)
}

func (s *Simulator) isControlToken(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.secrets.control)) == 1
}

// welcome turns the token of the printed address into a cookie, so that it stays neither in the address bar nor in the
// history.
func (s *Simulator) welcome(w http.ResponseWriter, r *http.Request) {
	if !s.isControlToken(r.URL.Query().Get("token")) {
		refuse(w, http.StatusUnauthorized, "the token in the address is not this simulator's: take the address that it printed")
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // without TLS on loopback there is no Secure
		Name: s.cookieName(), Value: s.secrets.control, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

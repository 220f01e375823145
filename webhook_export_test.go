package wacloud

import "net/http"

// NewServerForTest is the server that [Serve] uses.
func NewServerForTest(w *Webhook) *http.Server { return w.server() }

package simulator

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The token that opens what a bot tells leaves this machine on no way.
func TestOnlyABotOnThisMachineIsAsked(t *testing.T) {
	t.Parallel()
	for webhook, want := range map[string]bool{
		"":                                 false,
		"http://127.0.0.1:8080/webhook":    true,
		"http://localhost:3000/hook":       true,
		"http://[::1]:8080/webhook":        true,
		"http://192.168.1.20:8080/webhook": false,
		"https://bot.example.com/webhook":  false,
		"https://localhost.example.com/":   false,
		"http://127.0.0.1@example.com/":    false,
		"http://0.0.0.0:8080/webhook":      false,
	} {
		sim, err := New(Options{Webhook: webhook})
		require.NoError(t, err)
		require.Equal(t, want, sim.mayAsk(), webhook)
		sim.Close()
	}
}

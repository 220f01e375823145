package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWithoutCredentialsItSaysWhichAreMissing(t *testing.T) {
	for _, name := range []string{"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"} {
		t.Setenv(name, "")
	}
	err := run(t.Context())
	require.ErrorContains(t, err, "WHATSAPP_ACCESS_TOKEN")
	require.ErrorContains(t, err, "WHATSAPP_APP_SECRET")
}

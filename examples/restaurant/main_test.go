package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func playFor(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestScriptPlaysAWholeOrder(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := playFor(t, "", "-script")
	require.Zero(t, code, "%s\n%s", stdout, stderr)
	require.Contains(t, stdout, "Pedido recebido!")
	require.Contains(t, stdout, "17 steps, all answered as expected.")
}

// Each route matters: without it the script must fail.
func TestScriptFailsWithoutAnyOneRoute(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		toRestaurant.Pattern(), toCategory.Pattern(), toItem.Pattern(), toCart.Pattern(),
		toCheckout.Pattern(), toRemove.Pattern(), toConfirm.Pattern(), toOrder.Pattern(),
	} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := playFor(t, "", "-script", "-without", pattern)
			require.Equal(t, 1, code, stdout)
			require.Contains(t, stderr, "step ")
		})
	}
}

func TestTerminalTapsByNumber(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := playFor(t, "oi\n2\n1\n1\n9\n", "-terminal")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "[2] Ver cardápio")
	require.Contains(t, stdout, "*Peixe & Arroz*")
	require.Contains(t, stdout, "*Combinado 16 peças* está no carrinho.")
	require.Equal(t, 2, strings.Count(stdout, "De onde você quer pedir hoje?"), "9 is no option, so it is typed")
}

func TestWithoutCredentialsThePhoneOpensInTheBrowser(t *testing.T) {
	t.Setenv("WHATSAPP_ACCESS_TOKEN", "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, write := io.Pipe()
	code := make(chan int, 1)
	go func() { code <- run(ctx, nil, strings.NewReader(""), write, io.Discard) }()
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "http://") {
				address <- line
			}
		}
	}()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	resp, err := (&http.Client{Jar: jar, Timeout: patience}).Get(<-address) // the token becomes a cookie
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Empty(t, resp.Request.URL.RawQuery, "the token must not stay in the address")
	cancel()
	require.Zero(t, <-code)
}

func TestRealServiceNeedsItsPublicAddress(t *testing.T) {
	for name, value := range map[string]string{
		"WHATSAPP_PHONE_NUMBER_ID": "1", "WHATSAPP_ACCESS_TOKEN": "token", "WHATSAPP_APP_SECRET": "secret",
		"WHATSAPP_VERIFY_TOKEN": "verify", "PUBLIC_URL": "",
	} {
		t.Setenv(name, value)
	}
	code, _, stderr := playFor(t, "")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "PUBLIC_URL")
}

func TestMenuFitsWhatsApp(t *testing.T) {
	t.Parallel()
	ids := map[UUID]bool{}
	add := func(id UUID) {
		require.False(t, ids[id], "%s stands twice", id)
		ids[id] = true
		var back UUID
		require.NoError(t, back.UnmarshalText([]byte(id.String())))
		require.Equal(t, id, back)
	}
	for _, r := range restaurants {
		add(r.ID)
		for _, c := range r.Categories {
			add(c.ID)
			require.LessOrEqual(t, len(c.Items), 10)
			for _, it := range c.Items {
				add(it.ID)
				_, ok := findItem(it.ID)
				require.True(t, ok)
			}
		}
	}
}

package wacloud_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

// signWebhook is the header that Meta sends, computed the plain way.
func signWebhook(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	// HMAC-SHA256 of RFC 4231, test case 2.
	const key, known = "Jefe", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	body := []byte("what do ya want for nothing?")
	secret, other := wacloud.NewSecret(key), wacloud.NewSecret("other")
	tests := []struct {
		name    string
		body    []byte
		header  string
		secrets []wacloud.Secret
		ok      bool
	}{
		{"good", body, "sha256=" + known, []wacloud.Secret{secret}, true},
		{"upper-case digits", body, "sha256=" + strings.ToUpper(known), []wacloud.Secret{secret}, true},
		{"new secret first", body, "sha256=" + known, []wacloud.Secret{other, secret}, true},
		{"new secret last", body, "sha256=" + known, []wacloud.Secret{secret, other}, true},
		{"the same secret twice", body, "sha256=" + known, []wacloud.Secret{secret, secret}, true},
		{"empty body, good", nil, signWebhook(nil, key), []wacloud.Secret{secret}, true},
		{"another secret", body, "sha256=" + known, []wacloud.Secret{other}, false},
		{"another body", []byte("what do ya want for nothing!"), "sha256=" + known, []wacloud.Secret{secret}, false},
		{"body with a line end", append([]byte("what do ya want for nothing?"), '\n'), "sha256=" + known, []wacloud.Secret{secret}, false},
		{"last digit", body, "sha256=" + known[:63] + "4", []wacloud.Secret{secret}, false},
		{"first digit", body, "sha256=" + "6" + known[1:], []wacloud.Secret{secret}, false},
		{"no header", body, "", []wacloud.Secret{secret}, false},
		{"no digits", body, "sha256=", []wacloud.Secret{secret}, false},
		{"63 digits", body, "sha256=" + known[:63], []wacloud.Secret{secret}, false},
		{"65 digits", body, "sha256=" + known + "0", []wacloud.Secret{secret}, false},
		{"no hex", body, "sha256=" + known[:63] + "g", []wacloud.Secret{secret}, false},
		{"no name", body, known, []wacloud.Secret{secret}, false},
		{"sha1", body, "sha1=" + known[:40], []wacloud.Secret{secret}, false},
		{"sha1 with 64 digits", body, "sha1=" + known, []wacloud.Secret{secret}, false},
		{"upper-case name", body, "SHA256=" + known, []wacloud.Secret{secret}, false},
		{"space in front", body, " sha256=" + known, []wacloud.Secret{secret}, false},
		{"space behind", body, "sha256=" + known + " ", []wacloud.Secret{secret}, false},
		{"two with a comma", body, "sha256=" + known + ",sha256=" + known, []wacloud.Secret{secret}, false},
		{"two with a comma, cut to length", body, "sha256=" + known[:31] + "," + known[32:], []wacloud.Secret{secret}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := wacloud.VerifySignature(tt.body, tt.header, tt.secrets...)
			if tt.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, wacloud.ErrBadSignature)
			require.NotContains(t, fmt.Sprintf("%+v", err), known[:8], "the right signature is a secret")
			require.Equal(t, wacloud.ErrBadSignature.Error(), err.Error())
		})
	}
}

func TestVerifySignatureNeedsSecrets(t *testing.T) {
	t.Parallel()
	body := []byte("{}")
	forged := signWebhook(body, "")
	for name, secrets := range map[string][]wacloud.Secret{
		"none":               nil,
		"an empty one":       {wacloud.NewSecret("")},
		"the zero value":     {{}},
		"an empty one first": {{}, wacloud.NewSecret("k")},
		"an empty one last":  {wacloud.NewSecret("k"), {}},
	} {
		err := wacloud.VerifySignature(body, forged, secrets...)
		require.Error(t, err, name)
		require.NotErrorIs(t, err, wacloud.ErrBadSignature, "%s: it is the caller's mistake", name)
		require.Error(t, wacloud.VerifySignature(body, signWebhook(body, "k"), secrets...), name)
	}
}

func TestVerifySignatureTakesTheBytesAsTheyCame(t *testing.T) {
	t.Parallel()
	escaped := []byte(`{"a":"\u00e4\/<>"}`)
	secret := wacloud.NewSecret("k")
	header := signWebhook(escaped, "k")
	require.NoError(t, wacloud.VerifySignature(escaped, header, secret))
	for _, same := range []string{`{"a":"ä\/<>"}`, `{"a":"\u00e4/<>"}`, `{"a": "\u00e4\/<>"}`, `{"a":"\u00E4\/<>"}`} {
		require.ErrorIs(t, wacloud.VerifySignature([]byte(same), header, secret), wacloud.ErrBadSignature, same)
	}
}

func TestVerifySignatureAllocatesLittle(t *testing.T) {
	body, secret := []byte(strings.Repeat("x", 700)), wacloud.NewSecret("0123456789abcdef0123456789abcdef")
	header := signWebhook(body, secret.Reveal())
	allocs := testing.AllocsPerRun(100, func() {
		if err := wacloud.VerifySignature(body, header, secret); err != nil {
			t.Fatal(err)
		}
	})
	require.LessOrEqual(t, allocs, 8.0)
}

func FuzzVerifySignature(f *testing.F) {
	f.Add([]byte("{}"), signWebhook([]byte("{}"), "k"), "k", "l")
	f.Add([]byte("{}"), signWebhook([]byte("{}"), "l"), "k", "l")
	f.Add([]byte("{}"), strings.ToUpper(signWebhook([]byte("{}"), "k")), "k", "")
	f.Add([]byte(""), "sha256=", "", "")
	f.Fuzz(func(t *testing.T, body []byte, header, first, second string) {
		want := false
		for _, s := range []string{first, second} {
			prefix, digits, _ := strings.Cut(header, "=")
			right := prefix == "sha256" && strings.EqualFold(digits, signWebhook(body, s)[len("sha256="):])
			want = want || right
		}
		want = want && first != "" && second != ""
		err := wacloud.VerifySignature(body, header, wacloud.NewSecret(first), wacloud.NewSecret(second))
		if (err == nil) != want {
			t.Fatalf("VerifySignature says %v, the plain way %t", err, want)
		}
	})
}

func BenchmarkVerifySignature(b *testing.B) {
	body, secret := []byte(strings.Repeat("x", 700)), wacloud.NewSecret("0123456789abcdef0123456789abcdef")
	header := signWebhook(body, secret.Reveal())
	b.ReportAllocs()
	for b.Loop() {
		if err := wacloud.VerifySignature(body, header, secret); err != nil {
			b.Fatal(err)
		}
	}
}

package wacloud

import (
	"fmt"
	"log/slog"
)

// A Secret is a token or key that prints as [redacted] everywhere. Only [Secret.Reveal] gives it away. The zero value is
// an absent secret.
type Secret struct{ p *string }

// NewSecret wraps s. An empty s is the zero Secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Reveal returns the secret itself.
func (s Secret) Reveal() string {
	if s.p == nil {
		return ""
	}
	return *s.p
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.p == nil }

const redacted = "[redacted]"

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText reads a secret from a configuration file. It refuses "[redacted]".
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return fmt.Errorf("wacloud: %q is what a secret prints as, not a secret", redacted)
	}
	*s = NewSecret(string(text))
	return nil
}

package wacloud

import "time"

// RetryPolicy says how often and how slowly a call is repeated. The zero value is the default. A send is repeated only
// when it provably was not accepted.
type RetryPolicy struct {
	MaxAttempts  int           // attempts in all, defaults to 4; 1 means no retry
	MinDelay     time.Duration // first delay, defaults to 500 ms; full jitter
	MaxDelay     time.Duration // longest delay, defaults to 30 s; a longer Retry-After is not waited for
	RetryUnclear bool          // also repeat sends whose outcome is unclear: the user may get the message twice
}
